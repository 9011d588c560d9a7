package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/thumbery/thumbery/explain"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

var _ explain.Public = (*Server)(nil)

// Read implements explain.Public. What it parses is not remembered.
func (s *Server) Read(path string, h map[string][]string) (explain.Asked, error) {
	p, err := s.server.parse(path)
	if p == nil {
		return explain.Asked{}, err
	}
	q := request{parsedPath: p}
	given := q
	if q.variant.Format == variant.FormatAuto {
		given.accept = given.accepted(h)
		q = s.server.negotiate(q, h)
	}
	asked := explain.Asked{
		Key: q.key, Variant: q.variant, Accept: q.accept, Given: given.accept, Hinted: q.variant != given.variant,
	}
	if p := s.server.popularity; p != nil && q.variant.Kind != variant.Raw {
		asked.HotAfter, asked.HotWindow = p.After, p.Window
		asked.Requests = p.requests.peek(string(s.server.name(q)))
	}
	return asked, err
}

// Preview implements explain.Public.
func (s *Server) Preview(path string, h map[string][]string, result *pipeline.Result, err error) explain.Answer {
	quiet := *s.server
	quiet.Fallback, quiet.FallbackRedirect = nil, false
	w := &discard{header: http.Header{}}
	rec := &responseRecorder{ResponseWriter: w}
	r := newRequest(context.Background(), http.MethodHead, path, h)
	quiet.popularity.setCold(w.header)
	if p, err := quiet.parse(path); err == nil { // nothing is said of what is refused
		rec.request = request{parsedPath: p}
		rec.epoch = quiet.epoch(rec.request)
		quiet.setVary(w.header, rec.request)
		quiet.setTags(w.header, rec.request)
	}
	if err == nil {
		asked, _ := s.Read(path, h)
		canonical := asked.HotAfter > 0 && asked.Requests >= asked.HotAfter && isCanonical(r, rec.request)
		found := *result
		if found.Blob.Path != "" && quiet.sendsFile(r, canonical) { // which picture looks for on disk
			found.Source = pipeline.FromDisk
		}
		err = quiet.answer(rec, r, &found, canonical)
	}
	if err != nil {
		t := problemTypeOf(err)
		w.outcome, rec.failed = t.name, true
		quiet.fail(rec, r, t, err)
		a := w.answer()
		s.server.announceFallback(&a, rec.request, t)
		return a
	}
	w.outcome = rec.outcome
	return w.answer()
}

// announceFallback changes the answer to an error as a fallback would, if there is one for it.
func (s *server) announceFallback(a *explain.Answer, q request, t problemType) {
	_, links := s.Pipeline.Originals.Origin.(storage.Linker)
	switch {
	case !q.hasFallback():
		return
	case s.mayRedirect(t) && links:
		a.Fallback, a.Status = explain.FallbackRedirect, http.StatusFound
		delete(a.Header, "Retry-After")
		a.Header["Content-Length"] = []string{"0"}
	case s.Fallback != nil && t.allowsFallback():
		a.Fallback = explain.FallbackImage
	default:
		return
	}
	s.fallbackHeaders(a.Header, t)
	delete(a.Header, headerContentType)
}

// outcomeAborted is that of an answer whose body cannot be sent to its end.
const outcomeAborted = "aborted"

// Serve implements explain.Public.
func (s *Server) Serve(ctx context.Context, path string, h map[string][]string) (a explain.Answer) {
	w, began := &discard{header: http.Header{}, outcome: outcomeAborted}, s.server.Now()
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler { // for which net/http would close the connection
			panic(p)
		}
		a = w.answer()
		a.Took = s.server.Now().Sub(began)
	}()
	s.ServeHTTP(w, newRequest(ctx, http.MethodGet, path, h))
	return a
}

// newRequest returns the request of a client.
func newRequest(ctx context.Context, method, path string, h map[string][]string) *http.Request {
	r := &http.Request{
		Method: method, URL: &url.URL{Path: path}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header(h).Clone(), RemoteAddr: "explain",
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	return r.WithContext(ctx)
}

// maxDetail bounds the problem documents that are kept, in bytes.
const maxDetail = 16 << 10

// discard is a ResponseWriter that keeps the header, and the body if it is a problem document.
type discard struct {
	header  http.Header
	outcome string // set by the middleware, or Preview
	status  int
	problem bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *discard) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *discard) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *discard) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.status >= http.StatusBadRequest && w.problem.Len()+len(p) <= maxDetail {
		w.problem.Write(p)
	}
	return len(p), nil
}

func (w *discard) answer() explain.Answer {
	w.header.Del(headerRequestID)
	var p problem
	_ = json.Unmarshal(w.problem.Bytes(), &p) // a fallback is none
	return explain.Answer{Status: w.status, Outcome: w.outcome, Header: w.header, Detail: p.Detail}
}
