package ui

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/variant"
)

// answer describes a path for the form: GET /ui/api/url.
type answer struct {
	Path string `json:"path"` // canonical, percent-encoded, without a signature
	// Signed is Path as the public listener takes it: with a signature where this listener
	// may sign; "" where it may not.
	Signed string `json:"signed"`
	Key    string `json:"key"`
	Ops    string `json:"ops"` // canonical
	Preset string `json:"preset"`
	// Values are the values of the options, after the preset, by their names.
	Values  map[string]string `json:"values"`
	Explain []string          `json:"explain"`
	Problem *problem          `json:"problem,omitempty"` // what is wrong; all else is then empty
}

// problem says what is wrong with a path, as the public listener would.
type problem struct {
	Error  string `json:"error"`
	Status int    `json:"status,omitempty"`
	Kind   string `json:"kind"` // the last part of the problem's type
	Option string `json:"option,omitempty"`
	// Corrected are the options with the suggestion in place of the one at fault.
	Corrected string `json:"corrected,omitempty"`
}

// url answers GET /ui/api/url?path=OPS/KEY, percent-decoded. That something is wrong with
// the path is an answer, too, and no failure of this request.
func (p *page) url(w http.ResponseWriter, r *http.Request) {
	path := "/" + strings.TrimPrefix(r.URL.Query().Get("path"), "/")
	a, err := p.resolve(path)
	if err != nil {
		a.Problem = newProblem(err, path)
	}
	api.WriteJSON(w, http.StatusOK, a)
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

func newProblem(err error, path string) *problem {
	status, kind := api.Classify(err)
	result := &problem{Error: err.Error(), Status: status, Kind: kind}
	e, ok := errors.AsType[*variant.Error](err)
	if !ok || e.Kind != variant.ErrOptions || e.Suggestion == "" {
		return result
	}
	u, _ := variant.ParsePath(path) // whose options are at fault, and nothing else
	result.Option = e.Option
	tokens := strings.Split(u.Ops, ",")
	if i := slices.Index(tokens, e.Option); i >= 0 {
		tokens[i] = e.Suggestion
	}
	result.Corrected = strings.Join(tokens, ",")
	return result
}

// valuesOf splits options in canonical spelling.
func valuesOf(o variant.Ops) map[string]string {
	values := map[string]string{}
	given := o.Canonical
	if o.Preset != "" {
		_, given, _ = strings.Cut(given, ",")
	}
	for token := range strings.SplitSeq(given, ",") {
		name, args, _ := strings.Cut(token, "_")
		if w, h, ok := strings.Cut(token, "x"); ok && strings.Trim(w+h, "0123456789") == "" {
			values["w"], values["h"] = w, h
		} else if name != "" {
			values[name] = args
		}
	}
	return values
}
