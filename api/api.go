// Package api is the public HTTP side: it parses URLs, negotiates formats, gets results
// from the pipeline and answers with headers, bodies, redirects, fallback images and
// problem documents. GET and HEAD, whole, partial and conditional requests go through the
// same code. It decides nothing about images, and its answers never reveal origins, files
// or causes.
package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/variant"
)

// Config is the configuration of the public side. Only Pipeline and Log are required.
type Config struct {
	Pipeline *pipeline.Pipeline
	variant.Rules
	Keys *variant.Keyring
	// ClientHints makes FormatAuto respect the client hints for density and width.
	ClientHints bool
	// MaxAge is how long browsers and caches may keep an answer without revalidating it.
	MaxAge time.Duration
	// Changing says that originals may change under their keys. Otherwise answers are
	// immutable (RFC 8246).
	Changing bool
	// CORS is the value of Access-Control-Allow-Origin; "" sends none.
	CORS string
	// TagHeaders name the picture in every answer about one.
	TagHeaders []TagHeader
	// Hot says which derivatives are hot, and how caches in front are told.
	Hot HotHeaders
	// Hottest, if not nil, finds the derivatives that are requested most.
	Hottest *Hottest
	// SendFile leaves bodies that are on disk to the server in front.
	SendFile SendFile
	// FallbackRedirect redirects a client to the original at its origin instead of
	// answering 503, where the origin is a storage.Linker. The client then sees the
	// original even if /raw/ would need another signature.
	FallbackRedirect bool
	// Fallback, if not nil, makes the fallback image.
	Fallback Fallback
	// Observer, if not nil, is called after every answer.
	Observer Observer
	Log      *slog.Logger
	Now      func() time.Time
}

// Observer counts answers for the metrics. It is called by many goroutines at once.
type Observer interface {
	Answered(ctx context.Context, a Answer)
}

// Answer is what an Observer is told of a response that was sent.
type Answer struct {
	// Outcome is "memory", "disk", "bucket", "miss", "shared", "redirect", or for an error the
	// last part of its problem type, also if a fallback was sent.
	Outcome string
	Status  int
	Bytes   int64 // of the body
	Took    time.Duration
	// Steps is what was done for it; none if that was done for another request, which has
	// come before. Work is the context of that one, if it is not nil.
	Steps []render.Step
	Work  context.Context
	Cause error // of an error
	// Key and Variant are what the URL asks for. They are zero if that is no picture.
	Key     variant.Key
	Variant *variant.Variant
}

type server struct {
	Config
	headerValues
	paths      *cache.Memory[string, *parsedPath]
	popularity *popularity
}

// Server is the handler of the public listener.
type Server struct {
	http.Handler
	server *server
}

// New returns the Server of a configuration.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{Config: c, headerValues: newHeaderValues(&c), paths: newPaths(), popularity: newPopularity(&c)}
	r := chi.NewRouter()
	r.Use(s.record)
	r.Get("/", s.handle(s.index))
	r.Head("/", s.handle(s.index))
	r.Get("/*", s.handle(s.picture))
	r.Head("/*", s.handle(s.picture))
	if c.CORS != "" {
		r.Options("/*", s.preflight)
	}
	r.MethodNotAllowed(s.handle(func(http.ResponseWriter, *http.Request) error { return errMethod }))
	return &Server{r, s}
}

// index answers browsers and robots that ask for the bare host.
func (s *server) index(http.ResponseWriter, *http.Request) error {
	return &variant.Error{
		Kind: variant.ErrKey, Reason: "this is an image server, and the URL names no picture",
		Suggestion: "/300x200/path/of/picture.jpg",
	}
}

// picture answers every URL with a key: with a derivative, with the original's bytes, or
// with JSON about the original.
func (s *server) picture(w http.ResponseWriter, r *http.Request) error {
	if err := skipBody(w, r); err != nil {
		return err
	}
	q, err := s.request(r)
	if err != nil {
		return err
	}
	rec := recorderOf(w)
	rec.request, rec.epoch = q, s.epoch(q)
	s.setVary(w.Header(), q)
	s.setTags(w.Header(), q)
	hot := s.count(q)
	canonical := hot && isCanonical(r, q)
	result, err := s.find(r, q, s.sendsFile(r, canonical))
	if err != nil {
		return err
	}
	defer result.Blob.Close()
	if hot {
		s.warm(result)
	}
	return s.answer(rec, r, result, canonical)
}

// sendsFile reports whether the server in front is to send what is on disk. canonical says
// that it may keep the answer.
func (s *server) sendsFile(r *http.Request, canonical bool) bool {
	return s.SendFile.applies(r) && !(canonical && s.popularity.inFull)
}

// answer sends a result. hot says that it is of a hot derivative, and that caches may keep it.
func (s *server) answer(rec *responseRecorder, r *http.Request, result *pipeline.Result, hot bool) error {
	rec.found(result)
	if result.Location != "" {
		s.redirect(rec, result)
		return nil
	}
	s.pictureHeaders(rec.Header(), rec.request, result)
	if hot {
		s.popularity.setHot(rec.Header(), result)
	}
	s.forbidOutdated(rec)
	if result.Blob.Path != "" && s.sendsFile(r, hot) {
		s.SendFile.send(rec, result.Blob.Path)
		return nil
	}
	return s.sendBody(rec, r, result)
}

// find gets the result from the pipeline. A hit that the server in front sends need not
// be opened.
func (s *server) find(r *http.Request, q request, sendFile bool) (*pipeline.Result, error) {
	if q.variant.Kind == variant.Raw {
		return s.Pipeline.Original(r.Context(), q.key, q.variant, s.linkOptions(q, r.Method))
	}
	if sendFile {
		if result, ok := s.Pipeline.Locate(r.Context(), q.key, q.variant, s.name(q)); ok {
			return result, nil
		}
	}
	return s.Pipeline.Picture(r.Context(), q.key, q.variant, q.accept)
}

// errBody means that a request has a body that cannot be skipped.
var errBody = failure.New(failure.Request, "a request body that is too long, or did not arrive")

// maxSkipped is how much of a request body is skipped, in bytes.
const maxSkipped = 64 << 10

// skipBody reads the body of a request, which means nothing, before any work is done for
// it: until it is read, net/http does not notice that the client has left. The time for
// it is part of that for the header. The error wraps errBody.
func skipBody(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxSkipped)); err != nil {
		return fmt.Errorf("%w: %w", errBody, err)
	}
	return nil
}

// sendBody answers conditions and ranges, and sends the body of a result whose headers
// are set. It returns errRange, errPrecondition, or an error of kind cache.ErrUnreadable
// if the body could not be read to its end.
func (s *server) sendBody(w http.ResponseWriter, r *http.Request, result *pipeline.Result) error {
	if tag := s.SendFile.etag(result); tag != "" {
		w.Header().Set("ETag", tag)
	}
	setWriteDeadline(w, s.Now(), result.Blob.Size)
	// A derivative has the date of its original, and may be made again with other bytes.
	strongDate := result.Sum == 0
	http.ServeContent(w, rangeRequest(r, result.Blob.Size, strongDate), "", result.Blob.ModTime, result.Blob.Content())
	rec := recorderOf(w)
	if rec.truncated {
		if err := result.Blob.ContentError(); err != nil {
			return err
		}
	}
	return rec.refusal
}

// The connection to a client that reads more slowly than this is closed, as it would
// hold memory and descriptors for ever.
const (
	writeGrace   = 30 * time.Second
	minWriteRate = 16 << 10 // bytes a second
)

// setWriteDeadline sets the time by which a body of size bytes must be sent.
func setWriteDeadline(w http.ResponseWriter, now time.Time, size int64) {
	deadline := now.Add(writeGrace + time.Duration(size/minWriteRate)*time.Second)
	// A ResponseWriter of a test has no deadlines.
	_ = http.NewResponseController(w).SetWriteDeadline(deadline)
}
