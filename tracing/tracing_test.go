package tracing

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/testkit/collector"
)

// start returns a Tracer that sends to a collector.
func start(t *testing.T, url string, log *slog.Logger) *Tracer {
	t.Helper()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
	tracer, err := New(t.Context(), "v1", log)
	if err != nil || tracer == nil {
		t.Fatal(tracer, err)
	}
	return tracer
}

// flush ends a Tracer.
func flush(tracer *Tracer) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	tracer.Run(ctx)
}

func TestEnabled(t *testing.T) {
	for _, tt := range []struct {
		env string
		on  bool
		bad string // is in the error
	}{
		{"", false, ""},
		{"OTEL_SERVICE_NAME=x", false, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", true, ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:1", true, ""},
		{"OTEL_TRACES_EXPORTER=otlp", true, ""},
		{"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", false, ""},
		{"OTEL_SDK_DISABLED=True OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", false, ""},
		{"OTEL_TRACES_EXPORTER=jaeger", false, "OTEL_TRACES_EXPORTER"},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", true, ""},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, "4318"},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", true, ""},
	} {
		t.Run(tt.env, func(t *testing.T) {
			for setting := range strings.FieldsSeq(tt.env) {
				name, value, _ := strings.Cut(setting, "=")
				t.Setenv(name, value)
			}
			on, err := enabled()
			if on != tt.on || (err != nil) != (tt.bad != "") || err != nil && !strings.Contains(err.Error(), tt.bad) {
				t.Errorf("%v, %v", on, err)
			}
			if _, isWrapped := Log(slog.DiscardHandler).(logHandler); isWrapped != tt.on {
				t.Errorf("the log is wrapped: %v", isWrapped)
			}
		})
	}
}

// Without a collector, nothing is wrapped and nothing happens.
func TestOff(t *testing.T) {
	t.Parallel()
	tracer, err := New(t.Context(), "v1", slog.Default())
	if tracer != nil || err != nil {
		t.Fatal(tracer, err)
	}
	mux := http.NewServeMux()
	if tracer.Handler(mux) != http.Handler(mux) || tracer.Transport(http.DefaultTransport) != http.DefaultTransport {
		t.Error("something is wrapped")
	}
	ctx, end := tracer.Step(t.Context(), "fetch")
	if end(nil); ctx != t.Context() || tracer.ID(ctx) != "" {
		t.Error("there is a step")
	}
	flush(tracer)
}

// Whatever a client sends, a request has a valid trace of its own or that of the client, and S3
// is sent nothing that is longer than it accepts.
func TestHostileParents(t *testing.T) {
	const id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	tracer := start(t, collector.Start(t).URL, slog.New(slog.DiscardHandler))
	defer flush(tracer)
	var sent http.Header
	transport := tracer.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = r.Header
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	}))
	h := tracer.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://s3.example/bucket/cat.jpg", nil)
		if err == nil {
			_, err = transport.RoundTrip(out)
		}
		if err != nil || len(out.Header) > 0 {
			t.Errorf("the request has %v, %v", out.Header, err)
		}
	}))
	for _, tt := range []struct {
		parent, state string
		joins, keeps  bool
	}{
		{"00-" + id + "-" + parent + "-01", "a=1,b=2", true, true},
		{"00-" + id + "-" + parent + "-01", "a=" + strings.Repeat("x", 200) + ",b=" + strings.Repeat("y", 200), true, true},
		{"00-" + id + "-" + parent + "-01", "a=" + strings.Repeat("x", 250) + ",b=" + strings.Repeat("y", 250) + ",c=" + strings.Repeat("z", 50), true, false},
		{"00-" + id + "-" + parent + "-01", strings.Repeat("a", 16<<10), true, false},
		{"00-" + id + "-" + parent + "-01", "a=\r\nb: c", true, false},
		{"", "a=1", false, false},
		{"00-" + id + "-" + parent, "a=1", false, false},
		{"00-" + id + "-" + parent + "-01-more", "", false, false},
		{"00-" + strings.ToUpper(id) + "-" + parent + "-01", "", false, false},
		{"00-" + strings.Repeat("0", 32) + "-" + parent + "-01", "", false, false},
		{"00-" + id + "-" + strings.Repeat("0", 16) + "-01", "", false, false},
		{"ff-" + id + "-" + parent + "-01", "", false, false},
		{strings.Repeat("-", 16<<10), "", false, false},
		{"00-" + id + "\x00-" + parent + "-01", "", false, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/300x200/cat.jpg", nil)
		r.Header["Traceparent"], r.Header["Tracestate"] = []string{tt.parent}, []string{tt.state}
		sent = nil
		h.ServeHTTP(httptest.NewRecorder(), r)
		parts := strings.Split(sent.Get("traceparent"), "-")
		if len(parts) != 4 || len(parts[1]) != 32 || len(parts[2]) != 16 || parts[2] == parent || (parts[1] == id) != tt.joins {
			t.Errorf("for %.80q S3 was sent %q", tt.parent, parts)
		}
		if kept := sent.Get("tracestate"); (kept == tt.state) != tt.keeps && tt.state != "" || len(kept) > maxState {
			t.Errorf("for the state %.80q S3 was sent %.80q", tt.state, kept)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A request without a trace, such as that asks whether an origin is back, starts none.
func TestUntracedRequests(t *testing.T) {
	to := collector.Start(t)
	tracer := start(t, to.URL, slog.New(slog.DiscardHandler))
	_, err := tracer.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		if len(r.Header) > 0 {
			t.Errorf("sent %v", r.Header)
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})).RoundTrip(httptest.NewRequest(http.MethodGet, "http://s3.example/", nil))
	_, end := tracer.Step(t.Context(), "fetch")
	end(nil)
	if flush(tracer); err != nil || len(to.Trace("")) > 0 {
		t.Errorf("%v, %v", to.Trace(""), err)
	}
}

// Steps fail for what is wrong here or at an origin, and not for what a client asked.
func TestSpans(t *testing.T) {
	to := collector.Start(t)
	var log bytes.Buffer
	tracer := start(t, to.URL, slog.New(slog.DiscardHandler))
	lines := slog.New(Log(slog.NewTextHandler(&log, nil))).With("a", 1).WithGroup("g")
	work := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	var id string
	h := tracer.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id = tracer.ID(r.Context())
		for class := failure.Unknown; class <= failure.Canceled; class++ {
			_, end := tracer.Step(r.Context(), class.String())
			end(fmt.Errorf("why: %w", failure.New(class, "because")))
		}
		_, end := tracer.Step(r.Context(), "ok")
		end(nil)
		lines.WarnContext(r.Context(), "traced")
		lines.Warn("not traced")
		tracer.Answered(r.Context(), Answer{Key: "cat.jpg", Ops: strings.Repeat("x", 5000), Outcome: "shared", Bytes: 7, Cause: errors.New("boom"), Work: work})
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("BREW", "/300x200/cat.jpg", nil))
	flush(tracer)
	spans := to.Trace(id)
	fails := map[string]bool{"Unknown": true, "Picture": true, "Quarantined": true, "Unavailable": true, "Server": true, "Busy": true}
	for name, s := range spans {
		if failed := s[0].GetStatus().GetCode() == 2; failed != fails[name] {
			t.Errorf("%s failed: %v", name, failed)
		}
	}
	if len(spans) != 13 {
		t.Errorf("%d spans", len(spans))
	}
	server := spans["HTTP"][0]
	if server.Text("thumbery.outcome") != "shared" || server.Text("http.route") != route || len(server.Text("thumbery.ops")) != maxText || server.Text("error.type") != "shared" {
		t.Errorf("the request: %v", server.GetAttributes())
	}
	if links := server.GetLinks(); len(links) != 1 || hex.EncodeToString(links[0].GetSpanId()) != "0200000000000000" {
		t.Errorf("links %v", links)
	}
	if got := log.String(); strings.Count(got, "trace_id="+id) != 1 || strings.Count(got, "trace_id") != 1 {
		t.Errorf("the log is\n%s", got)
	}
}

// A collector that hangs or is gone costs no request and no memory, and a line of log.
func TestCollectorFails(t *testing.T) {
	var log bytes.Buffer
	hang := make(chan struct{})
	var batches atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		batches.Add(1)
		<-hang
	}))
	tracer := start(t, server.URL, slog.New(slog.NewTextHandler(&log, nil)))
	h := tracer.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for range 10_000 { // which do not wait
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/300x200/cat.jpg", nil))
	}
	server.Listener.Close()
	close(hang)
	server.CloseClientConnections()
	flush(tracer)
	server.Close()
	// 2048 spans wait at most, and a batch of 512 is under way.
	if batches.Load() > 6 || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "tracing failed") {
		t.Errorf("%d batches, and the log is\n%s", batches.Load(), log.String())
	}
}
