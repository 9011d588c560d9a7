package resizetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // results are decoded
	"slices"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
	_ "golang.org/x/image/webp"
)

// tolerance is how far a channel may be off: JPEG at the usual quality.
const tolerance = 24

// Run checks what every Resizer must do. What r cannot read or write is left
// out, except JPEG and PNG.
func Run(t *testing.T, r resize.Resizer) {
	t.Run("Geometry", func(t *testing.T) { runGeometry(t, r) })
	t.Run("Orientations", func(t *testing.T) { runOrientations(t, r) })
	t.Run("Formats", func(t *testing.T) { runFormats(t, r) })
	t.Run("Metadata", func(t *testing.T) { runMetadata(t, r) })
	t.Run("Backgrounds", func(t *testing.T) { runBackgrounds(t, r) })
	t.Run("Tiny", func(t *testing.T) { runTiny(t, r) })
	t.Run("Look", func(t *testing.T) { runLook(t, r) })
	t.Run("Errors", func(t *testing.T) { runErrors(t, r) })
	t.Run("Cancelled", func(t *testing.T) { runCancelled(t, r) })
	t.Run("Concurrent", func(t *testing.T) { runConcurrent(t, r) })
	t.Run("All", func(t *testing.T) { runAll(t, r) })
	t.Run("AllErrors", func(t *testing.T) { runAllErrors(t, r) })
	t.Run("AllCancelled", func(t *testing.T) { runAllCancelled(t, r) })
	t.Run("Mezzanines", func(t *testing.T) { runMezzanines(t, r) })
}

// geometries are options that between them reach every way of fitting.
var geometries = []string{
	"dpr_1", "120x", "x90", "100x100", "100x100,g_nw", "100x40,g_s", "40x100,g_e", "100x100,fp_0.1_0.9",
	"100x100,fit_contain", "100x100,fit_contain,g_n,bg_000000", "80x120,fit_contain,g_se,bg_3366cc",
	"500x500,fit_contain", "100x100,fit_inside", "100x100,fit_outside", "100x100,fit_fill",
	"30x200,fit_fill", "300x20,fit_fill", "100x100,dpr_2", "600x,up_1", "700x500,up_1,g_w",
	"crop_10p_10p_50p_50p", "60x,crop_200_150_200_150", "50x50,crop_0_0_100_300", "400x400,crop_50p_50p_10p_10p,up_1",
	"400x300", "399x299", "200x150", "1x1", "3x200,fit_outside",
	"100x,pad_20", "100x60,pad_15,bg_3366cc", "90x90,fit_contain,pad_10,dpr_2,bg_000000",
	"100x60,rot_90", "100x60,rot_180", "100x60,rot_270", "100x60,flip_h", "100x60,flip_v", "100x60,flip_hv",
	"100x60,rot_90,flip_h", "100x60,rot_270,flip_v,g_ne,pad_12", "100x,rot_90,fit_contain,bg_000000",
	"160x120,round_40", "160x120,round_9999,bg_3366cc", "160x100,fit_contain,rot_90,round_30,bg_000000",
}

func runGeometry(t *testing.T, r resize.Resizer) {
	m := Quarters(400, 300)
	for _, src := range [][]byte{JPEG(m), PNG(m)} {
		for _, ops := range sample.Every(4, geometries) {
			for _, f := range []string{"f_png", "f_jpeg"} {
				options := ops + "," + f
				t.Run(options, func(t *testing.T) { checkQuarters(t, r, src, options) })
			}
		}
	}
}

func runOrientations(t *testing.T, r resize.Resizer) {
	m := Quarters(160, 100)
	for o := 1; o <= 8; o++ {
		stored := Stored(m, o)
		for name, src := range map[string][]byte{"jpeg": JPEG(stored), "png": PNG(stored)} {
			src = Oriented(src, o)
			for _, ops := range sample.Every(4, []string{
				"dpr_1", "80x", "40x40,g_ne", "20x60,fp_0.8_0.3", "60x60,fit_contain,g_s", "30x90,fit_fill", "40x30,crop_10_20_60_70",
				"60x40,rot_90", "60x40,pad_10,rot_270,flip_h",
			}) {
				t.Run(fmt.Sprintf("%s %d %s", name, o, ops), func(t *testing.T) { checkQuarters(t, r, src, ops+",f_png") })
			}
		}
	}
}

func runFormats(t *testing.T, r resize.Resizer) {
	sources := map[variant.Format][]byte{}
	for _, f := range resize.WrittenFormats.List() {
		if !r.CanWrite(f) {
			continue
		}
		out, _, _ := make1(t, r, JPEG(Quarters(200, 100)), "dpr_1,f_"+f.String())
		if got, ok := header.Sniff(out); ok && got == f && r.CanRead(f) {
			sources[f] = out
		}
	}
	for from, src := range sources {
		for to := range sources {
			for _, ops := range sample.Every(2, []string{"100x", "60x60,g_e", "90x90,fit_contain,bg_000000"}) {
				ops += ",f_" + to.String()
				t.Run(fmt.Sprintf("%v %s", from, ops), func(t *testing.T) { checkQuarters(t, r, src, ops) })
			}
		}
	}
}

// runMetadata: place and author of a photograph are not in its derivatives.
func runMetadata(t *testing.T, r resize.Resizer) {
	m := Quarters(160, 100)
	for name, src := range map[string][]byte{"jpeg": JPEG(m), "png": PNG(m)} {
		for _, f := range resize.WrittenFormats.List() {
			if !r.CanWrite(f) {
				continue
			}
			for o := 1; o <= 6; o += 5 {
				out, _, _ := make1(t, r, Oriented(src, o), "80x,f_"+f.String())
				if bytes.Contains(out, []byte(secret[:6])) || bytes.Contains(out, []byte("xif")) {
					t.Errorf("%s to %v: EXIF is kept", name, f)
				}
			}
		}
	}
}

// runBackgrounds checks alpha: kept, flattened, and under letterboxes and corners.
func runBackgrounds(t *testing.T, r resize.Resizer) {
	red := color.NRGBA{255, 0, 0, 255}
	src := PNG(Transparent(200, 100, red))
	for _, c := range []struct {
		ops                  string
		left, right, outside color.NRGBA
	}{
		{"100x,f_png", color.NRGBA{}, red, color.NRGBA{}},
		{"100x,f_jpeg", color.NRGBA{255, 255, 255, 255}, red, color.NRGBA{}},
		{"100x,f_jpeg,bg_000000", color.NRGBA{0, 0, 0, 255}, red, color.NRGBA{}},
		{"100x,f_png,bg_000000", color.NRGBA{0, 0, 0, 255}, red, color.NRGBA{}},
		{"100x,f_png,bg_3366cc", color.NRGBA{0x33, 0x66, 0xcc, 255}, red, color.NRGBA{}},
		{"100x,f_jpeg,bg_00000080", color.NRGBA{127, 127, 127, 255}, red, color.NRGBA{}},
		{"100x,f_png,bg_0000ff80", color.NRGBA{0, 0, 255, 128}, red, color.NRGBA{}},
		{"100x,pad_20,f_png,bg_0000ff80", color.NRGBA{0, 0, 255, 128}, red, color.NRGBA{0, 0, 255, 128}},
		{"100x,pad_20,f_png", color.NRGBA{}, red, color.NRGBA{}},
		{"100x,round_50,f_png", color.NRGBA{}, red, color.NRGBA{}},
		{"100x100,fit_contain,f_png", color.NRGBA{}, red, color.NRGBA{}},
		{"100x100,fit_contain,f_png,bg_000000", color.NRGBA{0, 0, 0, 255}, red, color.NRGBA{0, 0, 0, 255}},
		{"100x100,fit_contain,f_jpeg", color.NRGBA{255, 255, 255, 255}, red, color.NRGBA{255, 255, 255, 255}},
	} {
		t.Run(c.ops, func(t *testing.T) {
			_, m, p := make1(t, r, src, c.ops)
			y := p.OffsetY + p.Cut.Height/2
			near(t, "transparent half", m.At(p.OffsetX+p.Cut.Width/4, y), c.left, tolerance)
			near(t, "opaque half", m.At(p.OffsetX+3*p.Cut.Width/4, y), c.right, tolerance)
			if p.Letterboxed() || p.Round > 0 {
				near(t, "outside", m.At(2, 2), c.outside, 2)
			}
		})
	}
}

func runTiny(t *testing.T, r resize.Resizer) {
	for _, size := range [][2]int{{1, 1}, {1, 9}, {9, 1}, {2, 3}} {
		m := image.NewNRGBA(image.Rect(0, 0, size[0], size[1]))
		for i := range m.Pix {
			m.Pix[i] = 255
		}
		for _, src := range [][]byte{JPEG(m), PNG(m), Oriented(JPEG(m), 6)} {
			for _, ops := range sample.Every(2, []string{"dpr_1", "1x1", "50x50", "50x50,up_1", "50x20,fit_fill,up_1", "30x30,fit_contain"}) {
				t.Run(fmt.Sprintf("%v %s", size, ops), func(t *testing.T) { make1(t, r, src, ops) })
			}
		}
	}
}

// runLook: what Look returns needs no second look, is not changed but in what
// was asked for, and can be planned.
func runLook(t *testing.T, r resize.Resizer) {
	src := PNG(Quarters(80, 60))
	h, _ := planOf(t, r, src, "20x")
	for _, ops := range []string{"40x40,g_smart", "trim", "40x10,trim_20,g_smart,crop_10_10_50_40", "40x,trim,g_n"} {
		v, err := variant.Parse(ops)
		if err != nil {
			t.Fatal(err)
		}
		seen, err := r.Look(t.Context(), resize.InMemory(src), h, v)
		if err != nil || resize.NeedsLook(seen) {
			t.Errorf("%s: %+v, %v", ops, seen, err)
		}
		if _, err := resize.NewPlan(h, seen, 0, resize.Settings{CanWrite: r.CanWrite}); err != nil {
			t.Errorf("%s, seen as %v: %v", ops, seen, err)
		}
		if seen.Width != v.Width || seen.Height != v.Height || seen.Fit != v.Fit {
			t.Errorf("%s, seen as %v", ops, seen)
		}
	}
}

func runErrors(t *testing.T, r resize.Resizer) {
	src := PNG(Quarters(40, 30))
	h, p := planOf(t, r, src, "20x")
	photo := JPEG(Quarters(40, 30))
	jh, jp := planOf(t, r, photo, "20x")
	if _, err := r.Resize(t.Context(), resize.InMemory(photo[:200]), jh, jp); !errors.Is(err, header.ErrBroken) {
		t.Errorf("a JPEG cut in its tables: %v, want ErrBroken", err)
	}
	if _, err := r.Resize(t.Context(), resize.InMemory(photo), h, p); !errors.Is(err, header.ErrNotPicture) {
		t.Errorf("a JPEG with a PNG's header: %v, want ErrNotPicture", err)
	}
	p.Output.Format = variant.TIFF
	_, err := r.Resize(t.Context(), resize.InMemory(src), h, p)
	if u, ok := errors.AsType[*resize.UnsupportedError](err); !ok || u.Option != "f_tiff" {
		t.Errorf("a format that is not written: %v, want *UnsupportedError", err)
	}
}

func runCancelled(t *testing.T, r resize.Resizer) {
	src := PNG(Quarters(40, 30))
	h, p := planOf(t, r, src, "20x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out, err := r.Resize(ctx, resize.InMemory(src), h, p); !errors.Is(err, context.Canceled) || out != nil {
		t.Errorf("a cancelled context: %d bytes, %v", len(out), err)
	}
}

// runConcurrent also holds the engine to giving the same bytes every time, and
// to leaving the source alone.
func runConcurrent(t *testing.T, r resize.Resizer) {
	src := JPEG(Quarters(400, 300))
	before := slices.Clone(src)
	h, p := planOf(t, r, src, "90x90,g_ne")
	want, err := r.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 8 {
				if got, err := r.Resize(t.Context(), resize.InMemory(src), h, p); err != nil || !bytes.Equal(got, want) {
					t.Errorf("other bytes than before, or %v", err)
				}
			}
		})
	}
	all.Wait()
	if !bytes.Equal(src, before) {
		t.Error("the source was written to")
	}
}
