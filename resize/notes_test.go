package resize_test

import (
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// TestNotes: what the notes say of a plan, a row for each reason.
func TestNotes(t *testing.T) {
	t.Parallel()
	kind := func(f variant.Format, w, h int) header.Header {
		p := photo(w, h)
		p.Format = f
		return p
	}
	moves := kind(variant.GIF, 200, 100)
	moves.Pages = 3
	transparent := kind(variant.JXL, 200, 100)
	transparent.Alpha = true
	without := func(f variant.Format) func(variant.Format) bool {
		return func(g variant.Format) bool { return g != f }
	}
	noWebP := resize.Settings{CanWrite: all, Auto: []variant.Format{variant.AVIF}}
	both := variant.AcceptAVIF | variant.AcceptWebP
	for _, c := range []struct {
		h      header.Header
		ops    string
		accept variant.Accept
		s      resize.Settings
		format string
		passed []resize.Passed
	}{
		{h: kind(variant.JPEG, 200, 100), ops: "100x,f_png", format: "the URL, its preset or the server's --format names it"},
		{h: kind(variant.JPEG, 200, 100), ops: "100x", format: "the URL names no format, so it is the original's"},
		{h: kind(variant.JXL, 200, 100), ops: "100x", format: "the URL names no format, and the original's, jxl, is not kept, as not every browser shows it: JPEG, as nothing in it is transparent"},
		{h: transparent, ops: "100x", format: "the URL names no format, and the original's, jxl, is not kept, as not every browser shows it: PNG, as it is transparent"},
		{h: kind(variant.AVIF, 200, 100), ops: "100x", s: resize.Settings{CanWrite: without(variant.AVIF)}, format: "the URL names no format, and the original's, avif, is not kept, as this server cannot write it: JPEG, as nothing in it is transparent"},
		{h: kind(variant.AVIF, 4000, 4000), ops: "rot_0", format: "the URL names no format, and the original's, avif, is not kept, as the result has 16000000 pixels, and may have 8388608 in this encoding: JPEG, as nothing in it is transparent"},
		{h: kind(variant.SVG, 200, 100), ops: "100x", format: "the URL names no format, and the original's, svg, is not kept, as this server cannot write it: PNG, as it has few colours"},
		{h: kind(variant.JPEG, 200, 100), ops: "100x,f_auto", accept: both, format: "it is the first that the client accepts and that is not too slow", passed: []resize.Passed{{variant.WebP, "avif is preferred", false}}},
		{h: kind(variant.JPEG, 4000, 2000), ops: "2000x,f_auto", accept: both, format: "it is the first that the client accepts and that is not too slow", passed: []resize.Passed{{variant.AVIF, "the result has 2000000 pixels, and --avif-max-pixels is 524288", true}}},
		{h: kind(variant.JPEG, 200, 100), ops: "100x,f_auto", format: "none of the formats that the client accepts can be chosen: JPEG, as nothing in it is transparent"},
		{h: kind(variant.JPEG, 200, 100), ops: "100x,f_auto,lossless", format: "none of the formats that the client accepts can be chosen: PNG, as it is to be lossless"},
		{h: moves, ops: "100x,f_auto", accept: both, format: "it is the first that the client accepts and that is not too slow", passed: []resize.Passed{{variant.AVIF, "it is not written with several frames", true}}},
		{h: moves, ops: "100x,f_auto", format: "the animation is a GIF, as the client does not accept WebP"},
		{h: moves, ops: "100x,f_auto", accept: variant.AcceptWebP, s: noWebP, format: "the animation is a GIF, as WebP cannot be chosen: --auto of this server leaves it out"},
		{h: moves, ops: "100x,f_auto", accept: variant.AcceptWebP, s: resize.Settings{CanWrite: without(variant.WebP)}, format: "the animation is a GIF, as WebP cannot be chosen: this server cannot write it"},
	} {
		if c.s.CanWrite == nil {
			c.s.CanWrite = all
		}
		c.s.MaxPixels, c.s.MaxFrames = 100_000_000, 10
		var n resize.Notes
		_, err := resize.NewPlanWithNotes(c.h, parse(t, c.ops), c.accept, c.s, &n)
		if err != nil || n.Format != c.format || !slices.Equal(n.Passed, c.passed) {
			t.Errorf("%v, %s: %v\n%s\n%v", c.h.Format, c.ops, err, n.Format, n.Passed)
		}
	}
}

// TestNotesOfFit: what is smaller than its box, and what an edge keeps from its place.
func TestNotesOfFit(t *testing.T) {
	t.Parallel()
	for ops, want := range map[string]resize.Notes{
		"100x":                          {},
		"300x":                          {NotEnlarged: true},
		"300x,up_1":                     {},
		"300x200":                       {NotEnlarged: true},
		"300x200,fit_contain":           {NotEnlarged: true},
		"50x200,fit_contain":            {},
		"300x200,fit_inside":            {NotEnlarged: true},
		"50x50,fp_1_0.5":                {FocalClamped: [2]bool{true, false}},
		"50x50,fp_0.5_0.5":              {},
		"10x,crop_180_0_50_50":          {CropClamped: true},
		"50x,crop_0_0_50_50,fit_inside": {},
	} {
		var n resize.Notes
		_, err := resize.NewPlanWithNotes(photo(200, 100), parse(t, ops), 0, resize.Settings{CanWrite: all}, &n)
		if err != nil || n.NotEnlarged != want.NotEnlarged || n.CropClamped != want.CropClamped || n.FocalClamped != want.FocalClamped {
			t.Errorf("%s: %v, %+v", ops, err, n)
		}
	}
}

// TestWhyNotAccepted: why a format that a client accepts is not even considered.
func TestWhyNotAccepted(t *testing.T) {
	t.Parallel()
	accepts := variant.AcceptAVIF | variant.AcceptWebP | variant.AcceptJXL
	for _, c := range []struct {
		s    resize.Settings
		ops  string
		f    variant.Format
		want string
	}{
		{resize.Settings{CanWrite: all}, "100x100", variant.WebP, ""},
		{resize.Settings{CanWrite: all}, "100x100", variant.JXL, "AVIF comes first, and the size in the URL is never too large for it"},
		{resize.Settings{CanWrite: all}, "2000x2000", variant.JXL, ""},
		{resize.Settings{}, "100x100", variant.WebP, "this server cannot write it"},
		{resize.Settings{CanWrite: all, Auto: []variant.Format{variant.AVIF}}, "100x100", variant.WebP, "--auto of this server leaves it out"},
	} {
		if got := c.s.WhyNotAccepted(parse(t, c.ops+",f_auto"), accepts, c.f); got != c.want {
			t.Errorf("%s, %v: %q, want %q", c.ops, c.f, got, c.want)
		}
	}
}
