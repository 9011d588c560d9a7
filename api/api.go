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

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// Config is what the public side of the service is made of. Only Pipeline and
// Log are needed.
type Config struct {
	Pipeline *pipeline.Pipeline
	Presets  variant.Presets
	Keys     *variant.Keyring
	Limits   variant.Limits
	// Format is what comes out where the URL does not say it: FormatKeep (the
	// zero value), FormatAuto, or an encoding.
	Format variant.Format
	// ClientHints has FormatAuto heed what browsers tell of density and width.
	ClientHints bool
	// MaxAge is how long browsers and proxies may keep a picture without
	// asking.
	MaxAge time.Duration
	// Changing says that originals may change under their keys, so that nobody
	// is told that a picture is immutable (RFC 8246).
	Changing bool
	// CORS is the value of Access-Control-Allow-Origin; "" sends none.
	CORS string
	// Hot says what is told of derivatives that are asked for often.
	Hot HotHeaders
	// HandOver says how to leave bodies that are on disk to the server in
	// front.
	HandOver HandOver
	// FallbackRedirect has a browser get the original from its place, where that
	// has a Linker, instead of a 503. Whoever may see a variant so sees the
	// original, also where /raw/ would need another signature.
	FallbackRedirect bool
	// Fallback, if not nil, makes pictures that stand for those that cannot be
	// had.
	Fallback Fallback
	// Observer is told of every answer.
	Observer Observer
	Log      *slog.Logger
	Now      func() time.Time
}

// Observer is told what was answered, for metrics. Its method is called by many
// goroutines at once.
type Observer interface {
	// Answered: outcome is "memory", "disk", "miss", "shared", "redirect", or for
	// an error its problem type, whatever stood for the picture.
	Answered(outcome string, status int, bytes int64, took time.Duration)
}

type server struct {
	Config
	values
	wishes  *cache.Memory[string, *wish]
	hotness *hotness
}

// New returns the handler of the public listener.
func New(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{Config: c, values: newValues(&c), wishes: newWishes(), hotness: newHotness(&c)}
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

// picture answers every URL that names one: with the picture, the original's
// bytes, or JSON about it.
func (s *server) picture(w http.ResponseWriter, r *http.Request) error {
	if err := skipBody(w, r); err != nil {
		return err
	}
	q, err := s.request(r)
	if err != nil {
		return err
	}
	e := exchangeOf(w)
	e.asked = q
	s.varies(w.Header(), q)
	hot := s.touched(q)
	keep := hot && keepable(r, q)
	handOver := s.HandOver.wanted(r) && !(keep && s.hotness.whole)
	result, err := s.find(r, q, handOver)
	if err != nil {
		return err
	}
	defer result.Blob.Close()
	e.outcome = outcomeOf(&result).String()
	if result.Location != "" {
		s.redirect(w, &result)
		return nil
	}
	s.pictureHeaders(w.Header(), q, &result)
	if hot {
		s.isHot(w.Header(), keep, &result)
	}
	if handOver && result.Blob.Path != "" {
		s.HandOver.to(w, result.Blob.Path)
		return nil
	}
	return s.deliver(w, r, &result)
}

// find asks the pipeline. A hit that is handed over need not be opened.
func (s *server) find(r *http.Request, q request, handOver bool) (pipeline.Result, error) {
	if q.variant.Whole == variant.Raw {
		return value(s.Pipeline.Original(r.Context(), q.key, q.variant, s.linkOptions(q, r.Method)))
	}
	if handOver {
		if result, ok := s.Pipeline.Locate(r.Context(), q.key, q.variant, s.name(q)); ok {
			return result, nil
		}
	}
	return value(s.Pipeline.Picture(r.Context(), q.key, q.variant, q.accept))
}

func value(r *pipeline.Result, err error) (pipeline.Result, error) {
	if err != nil {
		return pipeline.Result{}, err
	}
	return *r, nil
}
