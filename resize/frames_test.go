package resize_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// paged is a picture of 400x300 with pages.
func paged(f variant.Format, pages int) header.Header {
	h := photo(400, 300)
	h.Format, h.Pages = f, pages
	return h
}

// Animations stay animations in formats that have them; of all else, one page
// is made.
func TestPlanFrames(t *testing.T) {
	t.Parallel()
	both := variant.AcceptWebP | variant.AcceptAVIF
	still := func(f variant.Format) bool { return f == variant.JPEG || f == variant.PNG }
	for _, c := range []struct {
		h            header.Header
		ops          string
		accept       variant.Accept
		canWrite     func(variant.Format) bool
		page, frames int
		want         variant.Format
	}{
		{paged(variant.GIF, 9), "100x", 0, all, 0, 9, variant.GIF},
		{paged(variant.GIF, 9), "100x,f_webp", 0, all, 0, 9, variant.WebP},
		{paged(variant.GIF, 9), "100x,f_webp,lossless", 0, all, 0, 9, variant.WebP},
		{paged(variant.GIF, 9), "100x,f_jpeg", 0, all, 0, 1, variant.JPEG},
		{paged(variant.GIF, 9), "100x,f_png", 0, all, 0, 1, variant.PNG},
		{paged(variant.GIF, 9), "100x,f_avif", 0, all, 0, 1, variant.AVIF},
		{paged(variant.GIF, 9), "100x,f_jxl", 0, all, 0, 1, variant.JXL},
		{paged(variant.GIF, 9), "100x,still", 0, all, 0, 1, variant.GIF},
		{paged(variant.GIF, 9), "100x,page_1", 0, all, 0, 1, variant.GIF},
		{paged(variant.GIF, 9), "100x,page_9", 0, all, 8, 1, variant.GIF},
		{paged(variant.GIF, 9), "100x,page_9,f_webp", 0, all, 8, 1, variant.WebP},
		{paged(variant.GIF, 9), "100x", 0, still, 0, 1, variant.JPEG},
		{paged(variant.GIF, 1), "100x", 0, all, 0, 1, variant.GIF},
		{paged(variant.WebP, 9), "100x", 0, all, 0, 9, variant.WebP},
		{paged(variant.WebP, 9), "100x,f_gif", 0, all, 0, 9, variant.GIF},
		{paged(variant.GIF, 9), "100x,f_auto", 0, all, 0, 9, variant.GIF},
		{paged(variant.GIF, 9), "100x,f_auto", both, all, 0, 9, variant.WebP},
		{paged(variant.GIF, 9), "100x,f_auto", variant.AcceptAVIF, all, 0, 9, variant.GIF},
		{paged(variant.GIF, 9), "100x,f_auto,still", both, all, 0, 1, variant.AVIF},
		{paged(variant.GIF, 9), "100x,f_auto,lossless", 0, all, 0, 1, variant.PNG},
		{paged(variant.GIF, 9), "100x,f_auto,lossless", both, all, 0, 9, variant.WebP},
		{paged(variant.TIFF, 9), "100x", 0, all, 0, 1, variant.JPEG},
		{paged(variant.TIFF, 9), "100x,f_gif,page_3", 0, all, 2, 1, variant.GIF},
		{paged(variant.AVIF, 9), "100x", 0, all, 0, 1, variant.AVIF},
		{paged(variant.PDF, 9), "100x,page_2", 0, all, 1, 1, variant.JPEG},
	} {
		p, err := resize.NewPlan(c.h, parse(t, c.ops), c.accept, resize.Settings{CanWrite: c.canWrite, MaxFrames: 10})
		if err != nil || p.Page != c.page || p.Frames != c.frames || p.Output.Format != c.want {
			t.Errorf("%v of %d, %s: page %d, %d frames, %v, %v, want %d, %d, %v",
				c.h.Format, c.h.Pages, c.ops, p.Page, p.Frames, p.Output.Format, err, c.page, c.frames, c.want)
		}
	}
}

// All frames of an animation count, and a client that requests one of them gets it.
func TestPlanRefusesFrames(t *testing.T) {
	t.Parallel()
	large := paged(variant.GIF, 100)
	large.Width, large.Height = 2000, 1000
	for _, c := range []struct {
		h      header.Header
		ops    string
		refuse string // "" for nothing
	}{
		{paged(variant.GIF, 200), "100x", ""},
		{paged(variant.GIF, 201), "100x", "201 frames, the limit is 200"},
		{paged(variant.WebP, 201), "100x", "201 frames, the limit is 200"},
		{paged(variant.GIF, 201), "100x,still", ""},
		{paged(variant.GIF, 201), "100x,page_201", ""},
		{paged(variant.GIF, 201), "100x,f_jpeg", ""},
		{paged(variant.GIF, 200), "dpr_1", ""}, // 24,000,000 pixels
		{paged(variant.GIF, 200), "500x,up_1", "would have 37500000 pixels in 200 frames"},
		{paged(variant.GIF, 200), "500x,up_1,still", ""},
		{paged(variant.GIF, 100), "f_webp,lossless", "the limit for this format is 8388608"},
		{large, "100x", "200000000 pixels in 100 frames, the limit is 100000000"},
		{large, "100x,still", ""},
	} {
		p, err := resize.NewPlan(c.h, parse(t, c.ops), 0, resize.Settings{CanWrite: all, MaxFrames: 200, MaxPixels: 100_000_000})
		switch {
		case c.refuse == "" && err != nil, c.refuse == "" && p == resize.Plan{}:
			t.Errorf("%v of %d, %s: %+v, %v", c.h.Format, c.h.Pages, c.ops, p, err)
		case c.refuse != "" && (!errors.Is(err, header.ErrTooLarge) || !strings.Contains(err.Error(), c.refuse)):
			t.Errorf("%v of %d, %s: %v, want %q", c.h.Format, c.h.Pages, c.ops, err, c.refuse)
		}
	}
}

// A page that is not there is a mistake in the URL.
func TestPlanRefusesPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		h   header.Header
		ops string
		ok  bool
	}{
		{paged(variant.TIFF, 3), "page_3", true},
		{paged(variant.TIFF, 3), "page_4", false},
		{paged(variant.GIF, 3), "page_4", false},
		{paged(variant.JPEG, 1), "page_1", true},
		{paged(variant.JPEG, 1), "page_2", false},
		{paged(variant.JPEG, 0), "page_1", true},
	} {
		_, err := resize.NewPlan(c.h, parse(t, c.ops), 0, resize.Settings{CanWrite: all})
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, variant.ErrOptions) {
			t.Errorf("%s of %d: %v", c.ops, c.h.Pages, err)
		}
	}
}
