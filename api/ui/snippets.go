package ui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/api/ui/snippets"
	"github.com/thumbery/thumbery/variant"
)

// maxBase bounds the beginning of URLs, in bytes.
const maxBase = 256

// snippets answers GET /ui/api/snippets?path=OPS/KEY&base=https://HOST: what to write into a
// page, its URLs with base before them. They are signed where the page may sign.
func (p *page) snippets(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	base := q.Get("base")
	if !isBase(base) {
		api.WriteJSON(w, http.StatusBadRequest, problem{Error: "URLs begin with https:// and a host, such as https://img.example.com", Kind: "bad-base"})
		return
	}
	path := "/" + strings.TrimPrefix(q.Get("path"), "/")
	all, err := p.snippetsOf(path, base)
	if err != nil {
		problem := newProblem(err, path)
		api.WriteJSON(w, problem.Status, problem)
		return
	}
	api.WriteJSON(w, http.StatusOK, all)
}

func (p *page) snippetsOf(path, base string) ([]snippets.Snippet, error) {
	a, err := p.resolve(path)
	if err != nil {
		return nil, err
	}
	s := snippets.Server{Links: variant.Links{Base: base, Presets: p.Presets}, Limits: p.Limits}
	if p.CanSign {
		s.Links.Keyring = p.Keys
	}
	s.Formats = slices.DeleteFunc([]variant.Format{variant.AVIF, variant.WebP}, func(f variant.Format) bool { return !p.Writes(f) })
	return s.For(a.Ops, a.Key)
}

// isBase reports that URLs may begin with base.
func isBase(base string) bool {
	u, err := url.Parse(base)
	return base == "" || err == nil && len(base) <= maxBase && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == "" && !strings.ContainsAny(base, " \"'`<>\\")
}
