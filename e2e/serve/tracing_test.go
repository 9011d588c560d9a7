package serve

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/collector"
)

const (
	traceID  = "4bf92f3577b34da6a3ce929d0e0e4736"
	parentID = "00f067aa0ba902b7"
)

// s3Proxy is in front of MinIO, and remembers which traces its requests belong to.
type s3Proxy struct {
	mu      sync.Mutex
	parents map[string][]string // traceparent by the name of the object
	states  []string
}

func startS3Proxy(t *testing.T, endpoint string) (p *s3Proxy, address string) {
	p = &s3Proxy{parents: map[string][]string{}}
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		p.mu.Lock()
		p.parents[name] = append(p.parents[name], r.Header.Get("traceparent"))
		p.states = append(p.states, r.Header.Get("tracestate"))
		p.mu.Unlock()
		if name == "down.jpg" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return p, s.URL
}

// A trace goes from the proxy in front through the steps of a miss to S3, and its id is in the
// log and in the metrics.
func TestTrace(t *testing.T) {
	t.Parallel()
	cat := e2e.Read(t, "../../testdata/odd/gray.jpg")
	store, args := e2e.S3(t, map[string][]byte{"cat.jpg": cat, "dog.jpg": cat})
	s3, address := startS3Proxy(t, store.Endpoint)
	to := collector.Start(t)
	cmd := exec.Command(e2e.Binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	for i, arg := range cmd.Args {
		cmd.Args[i] = strings.Replace(arg, store.Endpoint, address, 1)
	}
	cmd.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+to.URL, "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test")
	s := e2e.StartCmd(t, cmd)
	s.AwaitAddresses(t)
	ask := func(path string, status int) {
		if r := e2e.Get(t, s.URL+path, "traceparent", "00-"+traceID+"-"+parentID+"-01", "tracestate", "vendor=1"); r.Status != status {
			t.Errorf("%s: %d", path, r.Status)
		}
	}
	ask("/300x200/cat.jpg", http.StatusOK)
	ask("/300x200/cat.jpg", http.StatusOK) // a hit
	ask("/300x200/none.jpg", http.StatusNotFound)
	ask("/300x200/down.jpg", http.StatusServiceUnavailable)
	if r := e2e.Get(t, s.URL+"/30x/dog.jpg"); r.Status != http.StatusOK { // in a trace of its own
		t.Error(r.Status)
	}
	e2e.Get(t, s.Admin+"/readyz")
	metrics := openMetrics(t, s.Admin)
	s.Stop(t) // which sends what is left

	spans := to.Trace(traceID)
	servers := spans["GET /{ops}/{key}"]
	if len(servers) != 4 {
		t.Fatalf("%d requests\n%s", len(servers), s.Log)
	}
	answers := map[string]collector.Span{}
	for _, span := range servers {
		if span.Parent() != parentID || span.ResourceText("service.name") != "thumbery" || span.ResourceText("deployment.environment.name") != "test" {
			t.Errorf("a request: %v of %v", span.Span, span.Resource)
		}
		answers[span.Text("thumbery.outcome")] = span
	}
	miss := answers["miss"]
	if miss.Text("thumbery.key") != "cat.jpg" || miss.Text("thumbery.ops") != "300x200" || miss.Text("url.path") != "/300x200/cat.jpg" {
		t.Errorf("the miss has the attributes %v", miss.GetAttributes())
	}
	if len(answers) != 4 || answers["not-found"].GetStatus().GetCode() != 0 || answers["origin-unavailable"].GetStatus().GetCode() != 2 || len(answers["origin-unavailable"].GetEvents()) != 1 {
		t.Errorf("outcomes %v", answers)
	}
	wantSteps(t, spans, miss)
	fetch := spans["fetch"][slices.IndexFunc(spans["fetch"], func(f collector.Span) bool { return f.Parent() == miss.ID() })]
	get := spans["S3 GET"][slices.IndexFunc(spans["S3 GET"], func(g collector.Span) bool {
		return g.Parent() == fetch.ID() && strings.HasSuffix(g.Text("url.full"), "/cat.jpg")
	})]
	if sent := s3.parents["cat.jpg"]; len(sent) != 1 || sent[0] != "00-"+traceID+"-"+get.ID()+"-01" {
		t.Errorf("S3 was sent %q, and the span is %s", sent, get.ID())
	}
	if sent := s3.parents[".thumbery-check"]; len(sent) == 0 || sent[0] != "" {
		t.Errorf("a check of /readyz was sent the traceparent %q", sent)
	}
	if !slices.Contains(s3.states, "vendor=1") {
		t.Errorf("S3 was sent the states %q", s3.states)
	}
	if lines := strings.Count(s.Log.String(), "trace_id="+traceID); lines < 4 {
		t.Errorf("%d lines of the log have the trace\n%s", lines, s.Log)
	}
	for _, want := range []string{`thumbery_request_seconds_bucket{outcome="memory"`, `thumbery_step_seconds_bucket{step="resize"`} {
		if !strings.Contains(metrics, want) || !strings.Contains(metrics, `# {trace_id="`+traceID+`"}`) {
			t.Errorf("no exemplar of %s in\n%s", want, metrics)
		}
	}
	if len(to.Trace("")["fetch"]) != len(spans["fetch"])+1 {
		t.Error("a request without a traceparent has no trace of its own")
	}
}

// wantSteps checks that each step of a miss is a span below it, and within its time.
func wantSteps(t *testing.T, spans map[string][]collector.Span, miss collector.Span) {
	t.Helper()
	for _, step := range []string{"fetch", "queue", "resize", "store"} {
		i := slices.IndexFunc(spans[step], func(s collector.Span) bool { return s.Parent() == miss.ID() })
		if i < 0 {
			t.Errorf("the miss has no step %s", step)
			continue
		}
		s := spans[step][i]
		if s.GetStartTimeUnixNano() < miss.GetStartTimeUnixNano() || s.GetEndTimeUnixNano() > miss.GetEndTimeUnixNano() {
			t.Errorf("%s is not within the time of its request", step)
		}
	}
}

// openMetrics reads the metrics as Prometheus asks for them.
func openMetrics(t *testing.T, admin string) string {
	t.Helper()
	r, err := e2e.Do(http.MethodGet, admin+"/metrics", "Accept", "application/openmetrics-text;version=1.0.0")
	if err != nil || r.Status != http.StatusOK || !strings.HasSuffix(string(r.Body), "# EOF\n") {
		t.Fatal(r.Status, err)
	}
	return string(r.Body)
}
