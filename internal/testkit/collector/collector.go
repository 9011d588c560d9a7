// Package collector is an OpenTelemetry collector for tests, which keeps the spans that it
// gets by OTLP over HTTP.
package collector

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector keeps spans. It is safe for use by several goroutines.
type Collector struct {
	URL   string // for OTEL_EXPORTER_OTLP_ENDPOINT
	mu    sync.Mutex
	spans []Span
}

// Span is one that was received.
type Span struct {
	*tracepb.Span
	Resource []*commonpb.KeyValue
}

// Start starts one that ends with the test.
func Start(t *testing.T) *Collector {
	c := &Collector{}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	c.URL = s.URL
	return c
}

// ServeHTTP receives spans.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	data, err := io.ReadAll(body)
	var request collectorpb.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(data, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "not spans", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, Span{span, resource.GetResource().GetAttributes()})
			}
		}
	}
}

// Trace returns the spans of a trace, whose id is in hexadecimal, by their names; "" is all
// traces.
func (c *Collector) Trace(id string) map[string][]Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string][]Span{}
	for _, s := range c.spans {
		if id == "" || hex.EncodeToString(s.GetTraceId()) == id {
			found[s.GetName()] = append(found[s.GetName()], s)
		}
	}
	return found
}

// ID is the span's id in hexadecimal.
func (s Span) ID() string { return hex.EncodeToString(s.GetSpanId()) }

// Parent is the id of the span's parent in hexadecimal, or "".
func (s Span) Parent() string { return hex.EncodeToString(s.GetParentSpanId()) }

// Text returns an attribute of the span that is a text, or "".
func (s Span) Text(name string) string { return text(s.GetAttributes(), name) }

// ResourceText returns an attribute of what has sent the span, or "".
func (s Span) ResourceText(name string) string { return text(s.Resource, name) }

func text(all []*commonpb.KeyValue, name string) string {
	for _, a := range all {
		if a.GetKey() == name {
			return a.GetValue().GetStringValue()
		}
	}
	return ""
}
