package ui

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// about is the answer to GET /ui/api/about: what the page has to know of the server.
type about struct {
	Version   string `json:"version"`
	Signed    bool   `json:"signed"` // the public listener serves only signed URLs
	CanSign   bool   `json:"can_sign"`
	CanChange bool   `json:"can_change"`
	Explains  bool   `json:"explains"`
	AdminPage string `json:"admin_page,omitempty"`
	// Options are the URL language, in canonical order.
	Options    []variant.Option  `json:"options"`
	Presets    map[string]string `json:"presets"`
	Writes     []string          `json:"writes"` // formats
	Watermarks []string          `json:"watermarks"`
	Limits     limits            `json:"limits"`
	// First are options that are permitted, to show a picture with.
	First    string      `json:"first"`
	FirstKey variant.Key `json:"first_key"`
	Examples []example   `json:"examples"` // those that are permitted
}

// example is something to begin with.
type example struct {
	Title string `json:"title"`
	Ops   string `json:"ops"`
}

var examples = []example{
	{"Fill a box", "640x420,f_auto"},
	{"A square of what attracts", "420x420,g_smart,f_auto"},
	{"All of it, on a colour", "640x420,fit_contain,bg_e8dcc8,f_auto"},
	{"For a sharp screen", "320x,dpr_2,f_auto"},
	{"At most 20 kB", "640x,bytes_20000,f_webp"},
	{"A disc", "360x360,round_9999,f_png"},
	{"Black and white", "640x,gray,contrast_20,f_auto"},
	{"What is in it", "info"},
}

type limits struct {
	Sizes       []int `json:"sizes"`
	PresetsOnly bool  `json:"presets_only"`
	MaxSide     int   `json:"max_side"`
}

func (p *page) about(w http.ResponseWriter, _ *http.Request) {
	a := about{
		Version: p.Version, Signed: !p.Keys.Empty(), CanSign: p.CanSign && !p.Keys.Empty(), CanChange: p.CanChange, Explains: p.Explain != nil, AdminPage: p.AdminPage,
		Options: variant.Options(), Presets: map[string]string{}, Writes: []string{}, Watermarks: append([]string{}, p.Watermarks...),
		Limits: limits{append([]int{}, p.Limits.Sizes...), p.Limits.PresetsOnly, variant.MaxSide}, First: p.first(), FirstKey: p.FirstKey, Examples: []example{},
	}
	for name, v := range p.Presets {
		a.Presets[name] = v.String()
	}
	for _, e := range examples {
		if ops, err := p.Presets.Parse(e.Ops); err == nil && p.Limits.Permit(ops, p.Presets) == nil {
			a.Examples = append(a.Examples, e)
		}
	}
	for _, f := range resize.WrittenFormats.List() {
		if p.Writes(f) {
			a.Writes = append(a.Writes, f.String())
		}
	}
	api.WriteJSON(w, http.StatusOK, a)
}

// first are options that the limits permit, of a size that shows something.
func (p *page) first() string {
	presets := slices.Sorted(maps.Keys(p.Presets))
	switch sizes := p.Limits.Sizes; {
	case p.Limits.PresetsOnly && len(presets) == 0:
		return "info"
	case p.Limits.PresetsOnly:
		return presets[0]
	case len(sizes) > 0:
		return strconv.Itoa(slices.MinFunc(sizes, func(a, b int) int { return max(a-640, 640-a) - max(b-640, 640-b) })) + "x,f_auto"
	}
	return "640x420,f_auto"
}
