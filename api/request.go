package api

import (
	"net/http"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// request is a URL understood and permitted, and what of the headers matters.
type request struct {
	*wish
	accept variant.Accept
}

// wish is a path understood and permitted. It is shared by all who send it, and
// not changed.
type wish struct {
	key     variant.Key
	variant variant.Variant
	expires time.Time // zero for never
	length  int       // of the path, in bytes
	// names are those of the derivative for each variant.Accept, where bodies
	// are handed over; all the same where it does not matter.
	names [variant.AcceptWebP | variant.AcceptAVIF + 1]variant.Name
}

// name is that of the derivative in the cache.
func (q request) name() variant.Name { return q.names[q.accept] }

// request takes the URL apart, then asks whether it is permitted.
func (s *server) request(r *http.Request) (q request, err error) {
	if q.wish, err = s.wish(r.URL.Path); err != nil {
		return request{}, err
	}
	if q.variant.Format == variant.FormatAuto {
		q.accept = parseAccept(r.Header["Accept"])
	}
	return q, nil
}

// wish remembers what was permitted, which it stays until it expires: keys,
// presets and limits do not change.
func (s *server) wish(path string) (*wish, error) {
	if w, ok := s.wishes.Get(path); ok && (w.expires.IsZero() || s.Now().Before(w.expires)) {
		return w, nil
	}
	w, err := s.parse(path)
	if err == nil {
		w.length = len(path)
		s.wishes.Put(path, w)
	}
	return w, err
}

func (s *server) parse(path string) (*wish, error) {
	p, err := variant.ParsePath(path)
	if err != nil {
		return nil, err
	}
	ops, err := s.Presets.Parse(p.Ops)
	if err != nil {
		return nil, err
	}
	expires, err := s.Keys.Verify(p, s.Now())
	if err != nil {
		return nil, err
	}
	if err := s.Limits.Permit(ops, s.Presets); err != nil {
		return nil, err
	}
	w := &wish{key: p.Key, variant: ops.Variant, expires: expires}
	if s.HandOver.Header != "" && w.variant.Whole == variant.Picture {
		s.name(w)
	}
	return w, nil
}

func (s *server) name(w *wish) {
	for accept := range w.names {
		if accept > 0 && w.variant.Format != variant.FormatAuto {
			w.names[accept] = w.names[0]
			continue
		}
		w.names[accept] = s.Pipeline.Name(w.key, w.variant, variant.Accept(accept))
	}
}

// wishBytes bounds what is remembered of paths, for some 8,000 of them; wishSize
// is what one takes beside its path, which it holds three times.
const (
	wishBytes = 8 << 20
	wishSize  = 1 << 10
)

func newWishes() *cache.Hot[string, *wish] {
	return cache.NewHot[string](wishBytes, func(w *wish) int { return wishSize + 3*w.length })
}
