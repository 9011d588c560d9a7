package resize_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// TestPlanBoundsResults: a small picture does not give a large one, and the slow
// encoders get what they finish in seconds.
func TestPlanBoundsResults(t *testing.T) {
	t.Parallel()
	s := resize.Settings{MaxPixels: 100_000_000, CanWrite: all}
	for _, c := range []struct {
		w, h int
		ops  string
		fine bool
	}{
		{1, 1, "10000x10000,fit_contain", false},
		{1, 1, "4096x4096,fit_contain", true},
		{1, 1, "4097x4096,fit_contain", false},
		{1, 1, "4096x4096,up_1", true},
		{1, 1, "4096x4097,fit_fill,up_1", false},
		{4000, 4000, "5000x5000,fit_contain", false},
		{10000, 9000, "dpr_1", true},
		{10000, 9000, "9000x10000,fit_contain", true}, // as many as the source
		{10000, 9000, "9001x10000,fit_contain", false},
		{10000, 9000, "dpr_1,f_webp", true},
		{10000, 9000, "dpr_1,f_png,lossless", true},
		{10000, 9000, "3840x2160,f_avif", true},
		{10000, 9000, "4096x2048,f_avif", true},
		{10000, 9000, "4096x2049,f_avif", false},
		{10000, 9000, "4096x2049,f_gif", false},
		{10000, 9000, "4096x2049,f_webp,lossless", false},
		{10000, 9000, "4096x2049,f_webp", true},
	} {
		p, err := resize.NewPlan(photo(c.w, c.h), parse(t, c.ops), 0, s)
		if c.fine && err != nil || !c.fine && (!errors.Is(err, header.ErrTooLarge) || p != resize.Plan{}) {
			t.Errorf("%dx%d %s: %+v, %v, want a plan: %t", c.w, c.h, c.ops, p, err, c.fine)
		}
	}
}

// TestPlanAvoidsSlowEncoders: who does not ask for a format gets one that can be
// made.
func TestPlanAvoidsSlowEncoders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from variant.Format
		ops  string
		want resize.Output
	}{
		{variant.AVIF, "3840x2160", resize.Output{Format: variant.AVIF, Quality: 60}},
		{variant.AVIF, "dpr_1", resize.Output{Format: variant.JPEG, Quality: 80}},
		{variant.GIF, "dpr_1", resize.Output{Format: variant.JPEG, Quality: 80}},
		{variant.WebP, "dpr_1", resize.Output{Format: variant.WebP, Quality: 79}},
		{variant.WebP, "dpr_1,lossless", resize.Output{Format: variant.PNG, Quality: 80, Lossless: true}},
		{variant.JPEG, "dpr_1,lossless,f_auto", resize.Output{Format: variant.PNG, Quality: 80, Lossless: true}},
		{variant.JPEG, "dpr_1,f_auto", resize.Output{Format: variant.WebP, Quality: 79}},
	} {
		h := photo(5000, 4000)
		h.Format = c.from
		p, err := resize.NewPlan(h, parse(t, c.ops), variant.AcceptAVIF|variant.AcceptWebP, resize.Settings{CanWrite: all})
		if err != nil || p.Output != c.want {
			t.Errorf("%v %s: %+v, %v, want %+v", c.from, c.ops, p.Output, err, c.want)
		}
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	turned, deep, alpha := photo(1000, 1000), photo(1000, 1000), photo(1000, 1000)
	turned.Orientation, deep.Depth, alpha.Alpha = 6, 16, true
	for _, c := range []struct {
		h    header.Header
		ops  string
		want int64
	}{
		{photo(1000, 1000), "100x100,f_jpeg", 1_000_000 + 10_000},
		{photo(1000, 1000), "100x100,f_png", 1_000_000 + 20_000},
		{photo(1000, 1000), "100x100,f_gif", 1_000_000 + 40_000},
		{photo(1000, 1000), "100x100,f_webp", 1_000_000 + 50_000},
		{photo(1000, 1000), "100x100,f_avif", 1_000_000 + 70_000},
		{photo(1000, 1000), "100x100,f_jxl", 1_000_000 + 130_000},
		{photo(1000, 1000), "100x100,f_webp,lossless", 1_000_000 + 100_000},
		{photo(1000, 1000), "200x100,f_jpeg,fit_contain", 1_000_000 + 100_000},
		{turned, "100x100,f_jpeg", 1_000_000 + 50_000},
		{alpha, "100x100,f_jpeg", 1_000_000 + 50_000},
		{alpha, "100x100,f_png", 1_000_000 + 60_000},
		{deep, "100x100,f_jpeg", 2_000_000 + 10_000},
		{photo(1, 1), "4096x4096,fit_contain,f_png", 1 + 6<<24},
		{sampled(1, 16), "100x100,f_jpeg", 2_000_000 + 10_000}, // as it was
		{sampled(4, 8), "100x100,f_jpeg", 1_000_000 + 10_000},
		{sampled(5, 8), "100x100,f_jpeg", 1_250_000 + 10_000},
		{sampled(3, 32), "100x100,f_jpeg", 4_000_000 + 10_000},
		{sampled(4, 64), "100x100,f_jpeg", 8_000_000 + 10_000},
		{depthOf(variant.HEIC, 10), "100x100,f_jpeg", 5_000_000 + 10_000},
		{depthOf(variant.HEIC, 8), "100x100,f_jpeg", 1_000_000 + 10_000},
		{depthOf(variant.JXL, 32), "100x100,f_jpeg", 9_000_000 + 10_000},
		{depthOf(variant.JXL, 8), "100x100,f_jpeg", 5_000_000 + 10_000},
		{depthOf(variant.AVIF, 10), "100x100,f_jpeg", 7_000_000 + 10_000},
		{depthOf(variant.PNG, 16), "100x100,f_jpeg", 2_000_000 + 10_000},
		{sampled(16, 128), "100x100,f_jpeg", 64_000_000 + 10_000},
		{photo(1000, 1000), "100x100,f_jpeg,gray", 1_000_000 + 50_000},
		{scanned(1000, 1000, 10), "100x100,f_jpeg", 1_000_000 + 10_000},
		{scanned(1000, 1000, 320), "100x100,f_jpeg", 20_000_000 + 10_000},
		{paged(variant.GIF, 10), "100x100", 1_200_000 + 800_000},
		{paged(variant.GIF, 10), "100x100,still", 120_000 + 40_000},
		{paged(variant.SVG, 1), "100x", 7_500 + 2*7_500},
		{paged(variant.SVG, 1), "5000x3000,crop_0_0_200_150,f_png", 60_000_000 + 3*15_000_000},
	} {
		p, err := resize.NewPlan(c.h, parse(t, c.ops), 0, resize.Settings{CanWrite: all})
		if got := p.Cost(c.h); err != nil || got != c.want {
			t.Errorf("%+v %s: %d, %v, want %d", c.h, c.ops, got, err, c.want)
		}
	}
}

// f_auto costs as much as the more expensive of the two that are compared.
func TestCostOfComparing(t *testing.T) {
	t.Parallel()
	h := photo(1000, 1000)
	p, err := resize.NewPlan(h, parse(t, "100x100,f_auto"), variant.AcceptAVIF, resize.Settings{CanWrite: all})
	if got, want := p.Cost(h), int64(1_000_000+(7+4)*10_000); err != nil || got != want {
		t.Errorf("%d, %v, want %d", got, err, want)
	}
}

// sampled is a megapixel of so many samples of so many bits.
func sampled(samples, depth int) header.Header {
	h := photo(1000, 1000)
	h.Samples, h.Depth = samples, depth
	return h
}

// depthOf is a megapixel of so many bits, of a format.
func depthOf(f variant.Format, depth int) header.Header {
	h := sampled(3, depth)
	h.Format = f
	return h
}

// TestPlanBoundsBytes: what is decoded takes at most 12 bytes for each pixel that is
// allowed, also where it is admitted alone.
func TestPlanBoundsBytes(t *testing.T) {
	t.Parallel()
	of := func(change func(*header.Header)) header.Header {
		h := photo(1000, 1000)
		change(&h)
		return h
	}
	for _, c := range []struct {
		name string
		h    header.Header
		fine bool
	}{
		{"four samples of 16 bits", of(func(h *header.Header) { h.Samples, h.Depth = 4, 16 }), true},
		{"three floats", of(func(h *header.Header) { h.Samples, h.Depth = 3, 32 }), false},
		{"three floats, three quarters as high", of(func(h *header.Header) { h.Height, h.Samples, h.Depth = 750, 3, 32 }), true},
		{"twelve samples", of(func(h *header.Header) { h.Samples = 12 }), true},
		{"thirteen samples", of(func(h *header.Header) { h.Samples = 13 }), false},
		{"an AVIF of 8 bits", of(func(h *header.Header) { h.Format = variant.AVIF }), true},
		{"an AVIF of 10 bits", of(func(h *header.Header) { h.Format, h.Depth = variant.AVIF, 10 }), false},
		{"an AVIF of 10 bits, as high as can be", of(func(h *header.Header) { h.Format, h.Depth, h.Height = variant.AVIF, 10, 428 }), true},
		{"an AVIF of 10 bits, higher", of(func(h *header.Header) { h.Format, h.Depth, h.Height = variant.AVIF, 10, 429 }), false},
		{"a HEIC of 10 bits, as high as can be", of(func(h *header.Header) { h.Format, h.Depth, h.Height = variant.HEIC, 10, 600 }), true},
		{"a JPEG XL of 8 bits, as high as can be", of(func(h *header.Header) { h.Format, h.Height = variant.JXL, 600 }), true},
		{"a JPEG XL of 8 bits, higher", of(func(h *header.Header) { h.Format, h.Height = variant.JXL, 601 }), false},
		{"cut out of as many", of(func(h *header.Header) { h.Width, h.Coded = 10, 1_000_000 }), true},
		{"cut out of more", of(func(h *header.Header) { h.Width, h.Coded = 10, 1_000_001 }), false},
		{"a drawing", of(func(h *header.Header) { h.Format, h.Samples, h.Depth = variant.SVG, 9, 16 }), true},
	} {
		_, err := resize.NewPlan(c.h, parse(t, "100x"), 0, resize.Settings{MaxPixels: 1_000_000, CanWrite: all})
		if c.fine != (err == nil) || err != nil && (!errors.Is(err, header.ErrTooLarge) || strings.Contains(err.Error(), "-")) {
			t.Errorf("%s: %v, want fine: %t", c.name, err, c.fine)
		}
	}
}
