package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/variant"
)

func TestReadHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		headers []string
		want    hints
	}{
		{nil, hints{}},
		{[]string{"Sec-CH-DPR", "2"}, hints{dpr: 2}},
		{[]string{"DPR", "2.0"}, hints{dpr: 2}},
		{[]string{"DPR", "1", "Sec-CH-DPR", "3"}, hints{dpr: 3}},
		{[]string{"DPR", "2.0000000298023224"}, hints{dpr: 2}},
		{[]string{"DPR", "2.1"}, hints{dpr: 2}},
		{[]string{"DPR", "2.11"}, hints{dpr: 3}},
		{[]string{"DPR", "0.8"}, hints{dpr: 1}},
		{[]string{"DPR", "1.1"}, hints{dpr: 1.5}},
		{[]string{"DPR", "8"}, hints{dpr: 4}},
		{[]string{"DPR", "8.1"}, hints{}},
		{[]string{"DPR", "0"}, hints{}},
		{[]string{"DPR", "-2"}, hints{}},
		{[]string{"DPR", "2e0"}, hints{}},
		{[]string{"DPR", "2, 3"}, hints{}},
		{[]string{"DPR", "nan"}, hints{}},
		{[]string{"DPR", strings.Repeat("2", 100)}, hints{}},
		{[]string{"DPR", "1", "DPR", "3"}, hints{dpr: 3}}, // the last one counts
		{[]string{"Sec-CH-Width", "1"}, hints{width: 120}},
		{[]string{"Sec-CH-Width", "120"}, hints{width: 120}},
		{[]string{"Sec-CH-Width", "121"}, hints{width: 240}},
		{[]string{"Width", "799"}, hints{width: 840}},
		{[]string{"Width", "3841"}, hints{width: 3840}},
		{[]string{"Width", "99999999999999999999"}, hints{width: 3840}},
		{[]string{"Width", "wide"}, hints{}},
		{[]string{"Width", ""}, hints{}},
	} {
		h := http.Header{}
		for i := 0; i < len(c.headers); i += 2 {
			h.Add(c.headers[i], c.headers[i+1])
		}
		if got := readHints(h); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.headers, got, c.want)
		}
	}
}

func TestHintsApply(t *testing.T) {
	t.Parallel()
	sizes := []int{600, 300}
	for _, c := range []struct {
		ops   string
		dpr   float64
		width int
		sizes []int
		want  string
	}{
		// The density, if the URL leaves it open.
		{"300x200", 2, 0, nil, "300x200,dpr_2"},
		{"300x200", 1, 0, nil, "300x200"},
		{"300x200", 0, 0, nil, "300x200"},
		{"300x200,dpr_3", 2, 0, nil, "300x200,dpr_3"},
		{"x200", 1.5, 0, nil, "x200,dpr_1.5"},
		{"gray", 2, 0, nil, "gray"},
		{"pad_9", 2, 0, nil, "dpr_2,pad_9"},
		// No side gets longer than hintMost.
		{"1920x", 4, 0, nil, "1920x,dpr_2"},
		{"1921x", 4, 0, nil, "1921x,dpr_1.5"},
		{"3000x", 4, 0, nil, "3000x"},
		{"100x3000,fit_contain", 4, 0, nil, "100x3000,fit_contain"},
		{"900x,pad_40", 4, 0, nil, "900x,dpr_3,pad_40"},
		{"pad_16000", 4, 0, nil, "pad_16000"},
		// The width is in device pixels already.
		{"gray", 0, 840, nil, "840x,gray"},
		{"gray", 2, 840, nil, "840x,gray"},
		{"gray", 1.5, 840, nil, "840x,gray"},
		{"crop_0_0_50p_100p", 3, 840, nil, "840x,crop_0_0_50p_100p"},
		{"pad_9", 2, 840, nil, "420x,dpr_2,pad_9"},
		{"round_9", 1.5, 840, nil, "560x,dpr_1.5,round_9"},
		{"round_9,dpr_2", 3, 840, nil, "420x,dpr_2,round_9"},
		{"300x", 2, 840, nil, "300x,dpr_2"},
		{"x300", 0, 840, nil, "x300"},
		// Only permitted sizes are used.
		{"300x", 4, 0, sizes, "300x,dpr_3"},
		{"300x", 2, 0, sizes, "300x,dpr_2"},
		{"gray", 0, 240, sizes, "300x,gray"},
		{"gray", 0, 360, sizes, "600x,gray"},
		{"gray", 2, 600, sizes, "600x,gray"},
		{"gray", 2, 720, sizes, "1200x,gray"},
		{"gray", 0, 3840, sizes, "600x,gray"},
		{"gray", 4, 3840, sizes, "1800x,gray"},
		{"pad_9", 2, 3840, sizes, "600x,dpr_2,pad_9"},
		{"gray", 2, 120, []int{16000}, "gray"},
	} {
		v, err := variant.Parse(c.ops)
		if err != nil {
			t.Fatal(err)
		}
		got := hints{c.dpr, c.width}.apply(v, c.sizes)
		if got.String() != c.want {
			t.Errorf("%s, density %v, width %d, sizes %v: %v, want %s", c.ops, c.dpr, c.width, c.sizes, got, c.want)
		}
		if normal, err := variant.Parse(got.String()); err != nil || normal != got {
			t.Errorf("%v is not in normal form: %+v, %v", got, normal, err)
		}
	}
}

// Whatever the hints, the variant is one that a URL could have, is permitted, and is one of
// a few.
func FuzzHints(f *testing.F) {
	f.Add("300x200", "2", "800", true)
	f.Add("pad_9,round_3", "1.5", "12345", false)
	f.Add("x16383,pad_16383", "8", "1", false)
	f.Fuzz(func(t *testing.T, ops, dpr, width string, limited bool) {
		v, err := variant.Parse(ops)
		if err != nil || v.Kind != variant.Picture {
			return
		}
		var limits variant.Limits
		if limited {
			limits.Sizes = []int{300, 600, 1200}
		}
		h := readHints(http.Header{"Sec-Ch-Dpr": {dpr}, "Sec-Ch-Width": {width}})
		got := h.apply(v, limits.Sizes)
		if again, err := variant.Parse(got.String()); err != nil || again != got {
			t.Errorf("%s becomes %v: %v", ops, got, err)
		}
		if w, height := got.Box(); got != v && max(w, height) > hintMost {
			if oldW, oldH := v.Box(); max(w, height) > max(oldW, oldH) {
				t.Errorf("%s becomes %v, %d wide and %d high", ops, got, w, height)
			}
		}
		permitted := func(v variant.Variant) bool { return limits.Permit(variant.Ops{Variant: v}, nil) == nil }
		if permitted(v) && !permitted(got) {
			t.Errorf("%s is permitted, and becomes %v, which is not", ops, got)
		}
	})
}
