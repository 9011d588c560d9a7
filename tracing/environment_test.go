package tracing

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A wrong value is an error that names the variable and what to write, and none gets so far
// that the SDK panics or does something else.
func TestCheckEnvironment(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("no"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ env, bad string }{ // what is in the error
		{"OTEL_BSP_MAX_QUEUE_SIZE=-5", "write a whole number from 1 to 1000000"},
		{"OTEL_BSP_MAX_QUEUE_SIZE=0", "write a whole"},
		{"OTEL_BSP_MAX_QUEUE_SIZE=99999999999999", "write a whole"},
		{"OTEL_BSP_MAX_QUEUE_SIZE=99999999999999999999", "write a whole"},
		{"OTEL_BSP_MAX_QUEUE_SIZE=1", ""},
		{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE=-5", "write a whole"},
		{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE=2049", "the queue of 2048"},
		{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE=2049 OTEL_BSP_MAX_QUEUE_SIZE=4096", ""},
		{"OTEL_BSP_SCHEDULE_DELAY=-1", "write a whole"},
		{"OTEL_BSP_SCHEDULE_DELAY=0", "write a whole"}, // would never rest
		{"OTEL_BSP_EXPORT_TIMEOUT=-1", "write a whole"},
		{"OTEL_BSP_EXPORT_TIMEOUT=1s", "write a whole"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT=-1", "write a whole"},
		{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=x", "write a whole"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT=10000", ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=127.0.0.1:4318", "write the collector's URL, for example http://127.0.0.1:4318"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318", "write the collector's URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=::::", "write the collector's URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://", "write the collector's URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://:4318", "write the collector's URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=ftp://x", "write the collector's URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a/?b", "must end with its path"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://me:hunter2@a", "must have no user"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=ftp://x", "write the collector's URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=https://[::1]:4318/a", ""},
		{"OTEL_TRACES_SAMPLER=bogus", "write one of always_on"},
		{"OTEL_TRACES_SAMPLER=ParentBased_TraceIDRatio OTEL_TRACES_SAMPLER_ARG=0.01", ""},
		{"OTEL_TRACES_SAMPLER_ARG=abc", "write a number from 0 to 1"},
		{"OTEL_TRACES_SAMPLER_ARG=1.1", "write a number"},
		{"OTEL_TRACES_SAMPLER_ARG=NaN", "write a number"},
		{"OTEL_EXPORTER_OTLP_CERTIFICATE=/nope", "no such file or directory: write the name of a file"},
		{"OTEL_EXPORTER_OTLP_CERTIFICATE=" + noPEM, "no certificate"},
		{"OTEL_EXPORTER_OTLP_CLIENT_KEY=/nope", "the names of two files"},
		{"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE=/nope", "the names of two files"},
		{"OTEL_EXPORTER_OTLP_HEADERS=%%%===,,", "write NAME=VALUE"},
		{"OTEL_EXPORTER_OTLP_HEADERS=hunter2", "write NAME=VALUE"},
		{"OTEL_EXPORTER_OTLP_HEADERS=a=hunter2%0ab", "write NAME=VALUE"},
		{"OTEL_EXPORTER_OTLP_HEADERS=a=hunter2%zz", "write NAME=VALUE"},
		{"OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20aGk=,b=c", ""},
		{"OTEL_EXPORTER_OTLP_COMPRESSION=zip", "write one of gzip, none"},
		{"OTEL_EXPORTER_OTLP_INSECURE=1", "write one of true, false"},
		{"OTEL_SDK_DISABLED=yes", "write one of true, false"},
		{"OTEL_SPAN_EVENT_COUNT_LIMIT=abc", "write a whole number from -1"},
		{"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT=abc", "write a whole"},
		{"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT=-2", "write a whole"},
		{"OTEL_SPAN_LINK_COUNT_LIMIT=-1", ""},
		{"OTEL_RESOURCE_ATTRIBUTES=a", "write NAME=VALUE"},
		{"OTEL_RESOURCE_ATTRIBUTES=a=b,c=d", ""},
	} {
		t.Run(tt.env, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
			for setting := range strings.FieldsSeq(tt.env) {
				name, value, _ := strings.Cut(setting, "=")
				t.Setenv(name, value)
			}
			var log bytes.Buffer
			tracer, err := New(t.Context(), "v1", slog.New(slog.NewTextHandler(&log, nil)))
			if tracer != nil {
				flush(tracer)
			}
			name, _, _ := strings.Cut(tt.env, "=")
			if (err != nil) != (tt.bad != "") || err != nil && (!strings.HasPrefix(err.Error(), name) && !strings.Contains(err.Error(), " and "+name) || !strings.Contains(err.Error(), tt.bad) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("%v", err)
			}
			if log.Len() > 0 {
				t.Errorf("the log has %s", &log)
			}
		})
	}
}

// Variables for a collector that nobody has named are not read.
func TestCheckNothing(t *testing.T) {
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-5")
	if tracer, err := New(t.Context(), "v1", slog.Default()); tracer != nil || err != nil {
		t.Error(tracer, err)
	}
}

// Headers that are accepted are sent.
func TestHeaders(t *testing.T) {
	sent := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent <- r.Header }))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "a=b%2Cc, d = e")
	tracer := start(t, server.URL, slog.New(slog.DiscardHandler))
	tracer.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/300x200/cat.jpg", nil))
	flush(tracer)
	if h := <-sent; h.Get("A") != "b,c" || h.Get("D") != "e" {
		t.Errorf("sent %v", h)
	}
}
