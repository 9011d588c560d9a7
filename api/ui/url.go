package ui

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/variant"
)

// problem says what is wrong with a path, as the public listener would.
type problem struct {
	Error  string `json:"error"`
	Kind   string `json:"kind"` // the last part of the problem's type
	Option string `json:"option,omitempty"`
	// Corrected are the options with the suggestion in place of the one at fault.
	Corrected string `json:"corrected,omitempty"`
}

// url answers GET /ui/api/url?path=OPS/KEY, percent-decoded.
func (p *page) url(w http.ResponseWriter, r *http.Request) {
	path := "/" + strings.TrimPrefix(r.URL.Query().Get("path"), "/")
	a, err := p.resolve(path)
	if err != nil {
		status, kind := api.Classify(err)
		writeJSON(w, status, newProblem(err, kind, path))
		return
	}
	writeJSON(w, http.StatusOK, a)
}

func (p *page) resolve(path string) (answer, error) {
	u, err := variant.ParsePath(path)
	if err != nil {
		return answer{}, err
	}
	ops, err := p.Presets.Parse(u.Ops)
	if err != nil {
		return answer{}, err
	}
	if err := p.Limits.Permit(ops, p.Presets); err != nil {
		return answer{}, err
	}
	plain := variant.Path{Ops: ops.Canonical, Key: u.Key}
	a := answer{
		Path: plain.String(), Signed: plain.String(), Key: string(u.Key), Ops: ops.Canonical, Preset: ops.Preset,
		Values: valuesOf(ops), Explain: ops.Explain(),
	}
	switch {
	case p.Keys.Empty():
	case p.CanSign:
		a.Signed = p.Keys.Sign(plain, time.Time{}).String()
	default:
		a.Signed = ""
	}
	return a, nil
}

func newProblem(err error, kind, path string) problem {
	result := problem{Error: err.Error(), Kind: kind}
	e, ok := errors.AsType[*variant.Error](err)
	if !ok || e.Kind != variant.ErrOptions || e.Suggestion == "" {
		return result
	}
	u, _ := variant.ParsePath(path) // whose options are at fault, and nothing else
	result.Option = e.Option
	tokens := strings.Split(u.Ops, ",")
	for i, token := range tokens {
		if token == e.Option {
			tokens[i] = e.Suggestion
			break
		}
	}
	result.Corrected = strings.Join(tokens, ",")
	return result
}
