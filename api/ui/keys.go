package ui

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/variant"
)

// Lister lists the keys of all originals that begin with prefix.
type Lister func(ctx context.Context, prefix string) iter.Seq2[variant.Key, error]

// level is the answer to GET /ui/api/keys?prefix=…&after=…: keys, and what keys have in
// common up to the next slash, with that slash.
type level struct {
	Names []string `json:"names"` // those that begin with prefix and are greater than after, in order
	More  bool     `json:"more"`  // there are others after these
	// Partial says that the listing was too long, or too slow: there may be others.
	Partial bool `json:"partial"`
}

// Bounds of an answer. A directory below the prefix has to be listed as a whole to find
// the next.
const (
	maxNames  = 200
	maxListed = 20_000
	listTime  = 5 * time.Second
	maxLists  = 4 // at once
)

func (p *page) keys(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	prefix, after := q.Get("prefix"), q.Get("after")
	if len(prefix) > variant.MaxKeyBytes {
		api.WriteJSON(w, http.StatusBadRequest, problem{Error: "the prefix is longer than a key", Kind: "bad-key"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), listTime)
	defer cancel()
	l, err := p.level(ctx, prefix, after)
	if err != nil && len(l.Names) == 0 && !errors.Is(err, context.DeadlineExceeded) {
		status, kind := api.Classify(err)
		api.WriteJSON(w, status, problem{Error: "the origin cannot be listed: type a key", Kind: kind})
		return
	}
	api.WriteJSON(w, http.StatusOK, l)
}

// level returns what was found until an error, too.
func (p *page) level(ctx context.Context, prefix, after string) (level, error) {
	found, listed := map[string]bool{}, 0
	l := level{Names: []string{}}
	var failed error
	for key, err := range p.List(ctx, prefix) {
		if listed++; err != nil || listed > maxListed {
			l.Partial, failed = true, err
			break
		}
		first, _, deeper := strings.Cut(string(key[len(prefix):]), "/")
		if deeper {
			first += "/"
		}
		if name := prefix + first; name > after {
			found[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(found))
	l.More = len(names) > maxNames
	l.Names = append(l.Names, names[:min(len(names), maxNames)]...)
	return l, failed
}
