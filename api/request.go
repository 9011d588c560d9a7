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
	// names are those of the derivative, where bodies are handed over or
	// requests for it counted: one, or
	// for FormatAuto one for each variant.Accept that occurs. Without them they
	// are worked out.
	names []variant.Name
}

// name is that of the derivative in the cache.
func (s *server) name(q request) variant.Name {
	switch len(q.names) {
	case 0:
		return s.Pipeline.Name(q.key, q.variant, q.accept)
	case 1:
		return q.names[0]
	}
	return q.names[q.accept]
}

// request takes the URL apart, then asks whether it is permitted.
func (s *server) request(r *http.Request) (q request, err error) {
	if q.wish, err = s.wish(r.URL.Path); err != nil {
		return request{}, err
	}
	if q.variant.Format == variant.FormatAuto {
		q = s.auto(q, r.Header)
	}
	return q, nil
}

// auto takes the client's headers into account, which is for FormatAuto only. A
// hint chooses only what could be asked for in the URL, and so is not asked for
// its permission.
func (s *server) auto(q request, h http.Header) request {
	q.accept = parseAccept(h["Accept"])
	if !q.variant.Lossless && savesData(h["Save-Data"]) {
		q.accept |= variant.SaveData
	}
	q.accept = s.Pipeline.Heed(q.accept)
	if !s.ClientHints {
		return q
	}
	if v := readHints(h).apply(q.variant, s.Limits.Sizes); v != q.variant {
		hinted := *q.wish
		hinted.variant, hinted.names = v, nil
		q.wish = &hinted
	}
	return q
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
	if w.variant.Whole == variant.Picture && w.variant.Format == variant.FormatKeep {
		w.variant.Format = s.Format
	}
	if (s.HandOver.Header != "" || s.hotness != nil) && w.variant.Whole != variant.Raw {
		w.names = s.allNames(w)
	}
	return w, nil
}

func (s *server) allNames(w *wish) []variant.Name {
	if w.variant.Format != variant.FormatAuto {
		return []variant.Name{s.Pipeline.Name(w.key, w.variant, 0)}
	}
	names := make([]variant.Name, variant.Accepts)
	for i := range names {
		if a := variant.Accept(i); s.Pipeline.Heed(a) == a {
			names[i] = s.Pipeline.Name(w.key, w.variant, a)
		}
	}
	return names
}

// wishBytes bounds what is remembered of paths, for some 8,000 of them; wishSize
// is what one takes beside its path, which it holds three times, and nameSize what
// each name does.
const (
	wishBytes = 8 << 20
	wishSize  = 1 << 10
	nameSize  = 80
)

func newWishes() *cache.Memory[string, *wish] {
	return cache.NewMemory[string](wishBytes, func(w *wish) int {
		return wishSize + nameSize*len(w.names) + 3*w.length
	})
}
