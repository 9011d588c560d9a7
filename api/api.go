// Package api answers HTTP: it takes a URL apart, asks the pipeline, and says
// what came of it in headers, in one place for GET and HEAD, whole, partial and
// conditional. It never decides how a picture is made, and tells the public
// nothing about origins, paths or causes.
package api

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// Config is what the public side of the service is made of. Only Pipeline and
// Log are needed.
type Config struct {
	Pipeline *pipeline.Pipeline
	Presets  variant.Presets
	Keys     *variant.Keyring
	Limits   variant.Limits
	// MaxAge is how long browsers and proxies may keep a picture without
	// asking.
	MaxAge time.Duration
	// CORS is the value of Access-Control-Allow-Origin; "" sends none.
	CORS string
	// Accel is the prefix of nginx's internal location. If it is set, bodies
	// that are on disk are answered by X-Accel-Redirect to it and their path
	// in the cache directory.
	Accel string
	// Observer is told of every answer.
	Observer Observer
	Log      *slog.Logger
	Now      func() time.Time
}

// Observer is told what was answered, for metrics. Its method is called by many
// goroutines at once.
type Observer interface {
	// Answered: outcome is "memory", "disk", "miss", "shared", or for an error
	// its problem type.
	Answered(outcome string, status int, bytes int64, took time.Duration)
}

type server struct {
	Config
	cacheStatus map[outcome]string
	maxAge      string // Cache-Control of a picture that never expires
}

// New returns the handler of the public listener.
func New(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{Config: c, cacheStatus: cacheStatuses(), maxAge: cacheControl(c.MaxAge)}
	r := chi.NewRouter()
	r.Use(s.answer)
	r.Get("/", s.handle(s.index))
	r.Head("/", s.handle(s.index))
	r.Get("/*", s.handle(s.picture))
	r.Head("/*", s.handle(s.picture))
	if c.CORS != "" {
		r.Options("/*", s.preflight)
	}
	r.MethodNotAllowed(s.handle(func(http.ResponseWriter, *http.Request) error { return errMethod }))
	return r
}

// index is for people who open the bare host in a browser, and for robots.
func (s *server) index(http.ResponseWriter, *http.Request) error {
	return &variant.Error{
		Kind: variant.ErrKey, Reason: "this is an image server, and the URL names no picture",
		Suggestion: "/300x200/path/of/picture.jpg",
	}
}

// request is a URL understood and permitted.
type request struct {
	key     variant.Key
	variant variant.Variant
	accept  variant.Accept
	expires time.Time // zero for never
}

// parse takes the URL apart, then asks whether it is permitted.
func (s *server) parse(r *http.Request) (request, error) {
	p, err := variant.ParsePath(r.URL.Path)
	if err != nil {
		return request{}, err
	}
	ops, err := s.Presets.Parse(p.Ops)
	if err != nil {
		return request{}, err
	}
	expires, err := s.Keys.Verify(p, s.Now())
	if err != nil {
		return request{}, err
	}
	if err := s.Limits.Permit(ops, s.Presets); err != nil {
		return request{}, err
	}
	q := request{key: p.Key, variant: ops.Variant, expires: expires}
	if q.variant.Format == variant.FormatAuto {
		q.accept = parseAccept(r.Header["Accept"])
	}
	return q, nil
}

// picture answers every URL that names one.
func (s *server) picture(w http.ResponseWriter, r *http.Request) error {
	q, err := s.parse(r)
	if err != nil {
		return err
	}
	var result *pipeline.Result
	switch q.variant.Whole {
	case variant.Raw:
		result, err = s.Pipeline.Original(r.Context(), q.key)
	case variant.Info:
		return s.info(w, r, q)
	default:
		result, err = s.Pipeline.Picture(r.Context(), q.key, q.variant, q.accept)
	}
	if err != nil {
		return err
	}
	defer result.Blob.Close()
	noteOutcome(r, outcomeOf(result))
	s.pictureHeaders(w.Header(), q, result)
	s.deliver(w, r, result)
	return nil
}

// info answers with what a picture's header says.
func (s *server) info(w http.ResponseWriter, r *http.Request, q request) error {
	d, err := s.Pipeline.Describe(r.Context(), q.key)
	if err != nil {
		return err
	}
	noteOutcome(r, outcome{source: d.Source, stored: true})
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Status", s.cacheStatus[outcome{source: d.Source, stored: true}])
	s.commonHeaders(h, q)
	body := infoJSON(d)
	h.Set("ETag", etag("info", body))
	serve(w, r, d.ModTime, body)
	return nil
}

// infoDocument is the answer to /info/<key>. Width and height are those of the
// picture the right way up.
type infoDocument struct {
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Format      string `json:"format"`
	Bytes       int64  `json:"bytes"`
	Orientation int    `json:"orientation"`
	Alpha       bool   `json:"alpha"`
	Pages       int    `json:"pages"`
}

func newInfo(h resize.Header, bytes int64) infoDocument {
	w, ht := h.Upright()
	return infoDocument{w, ht, h.Format.String(), bytes, h.Orientation, h.Alpha, h.Pages}
}
