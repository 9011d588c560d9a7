package api

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

type request struct {
	*parsedPath
	accept variant.Accept
}

// parsedPath is a path that was parsed and permitted. It is cached and shared by
// requests, so it must not be changed, but for names.
type parsedPath struct {
	key     variant.Key
	variant variant.Variant
	expires time.Time // zero for never
	length  int       // of the path, in bytes
	// names are those of the derivative in the cache that were asked for: one, or for
	// FormatAuto one for each variant.Accept. There is room for them only if hits need
	// them, for SendFile or popularity.
	names  []atomic.Pointer[variant.Name]
	scoped bool     // signed by a scope
	tag    []string // the value of every TagHeader: the name of the key in the cache
}

// name is that of the derivative in the cache.
func (s *server) name(q request) variant.Name {
	if len(q.names) == 0 {
		return s.Pipeline.Name(q.key, q.variant, q.accept)
	}
	known := &q.names[q.accept]
	name := known.Load()
	if name == nil {
		made := s.Pipeline.Name(q.key, q.variant, q.accept)
		name = &made
		known.Store(name)
	}
	return *name
}

func (s *server) request(r *http.Request) (q request, err error) {
	if q.parsedPath, err = s.parsedPath(r.URL.Path); err != nil {
		return request{}, err
	}
	if q.variant.Format == variant.FormatAuto {
		q = s.negotiate(q, r.Header)
	}
	return q, nil
}

// negotiate applies the client's headers to a request with FormatAuto. Client hints
// need no permission: they give only variants that a URL could ask for. But they would lead out
// of the scope of a signature.
func (s *server) negotiate(q request, h http.Header) request {
	q.accept = q.accepted(h)
	if s.ClientHints && !q.scoped {
		if v := readHints(h).apply(q.variant, s.Limits.Sizes); v != q.variant {
			hinted := *q.parsedPath
			hinted.variant, hinted.names = v, nil
			q.parsedPath = &hinted
		}
	}
	q.accept = s.Pipeline.Render.Settings.NormalizeAccept(q.variant, q.accept)
	return q
}

// accepted is what the client says of formats.
func (q request) accepted(h http.Header) variant.Accept {
	a := parseAccept(h["Accept"])
	if !q.variant.Lossless && savesData(h["Save-Data"]) {
		a |= variant.SaveData
	}
	return a
}

// parsedPath caches paths. What was permitted stays permitted until it expires: keys,
// presets and limits do not change.
func (s *server) parsedPath(path string) (*parsedPath, error) {
	if p, ok := s.paths.Get(path); ok && (p.expires.IsZero() || s.Now().Before(p.expires)) {
		return p, nil
	}
	p, err := s.parse(path)
	if err == nil {
		p.length = len(path)
		s.paths.Put(path, p)
	}
	return p, err
}

// parse parses and permits a path. With an error of kind variant.ErrForbidden it returns what is
// refused.
func (s *server) parse(path string) (*parsedPath, error) {
	u, err := variant.ParsePath(path)
	if err != nil {
		return nil, err
	}
	ops, err := s.Presets.Parse(u.Ops)
	if err != nil {
		return nil, err
	}
	expires, refusal := s.Keys.Verify(u, ops, s.Limits, s.Now())
	if refusal == nil {
		refusal = s.Limits.Permit(ops, s.Presets)
	}
	p := &parsedPath{key: u.Key, variant: ops.Variant, expires: expires, scoped: u.Signature.Scope != "", tag: []string{string(u.Key.Name())}}
	if p.variant.Kind == variant.Picture && p.variant.Format == variant.FormatKeep {
		p.variant.Format = s.Format
	}
	if (s.SendFile.Header != "" || s.popularity != nil) && p.variant.Kind != variant.Raw {
		n := 1
		if p.variant.Format == variant.FormatAuto {
			n = variant.Accepts
		}
		p.names = make([]atomic.Pointer[variant.Name], n)
	}
	return p, refusal
}

const (
	pathsBytes = 8 << 20 // memory for parsed paths, of some 8,000, or 1,600 with FormatAuto
	pathSize   = 1 << 10 // bytes of a parsed path, beside the path itself, which it holds three times
	nameSize   = 8 + 24  // bytes of room for a name, and of the names, of which there are at most a quarter
)

func newPaths() *cache.Memory[string, *parsedPath] {
	return cache.NewMemory[string](pathsBytes, func(p *parsedPath) int {
		return pathSize + nameSize*len(p.names) + 3*p.length
	})
}
