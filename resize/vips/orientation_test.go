package vips

import (
	"bytes"
	"fmt"
	"image"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// sceneOf is the scene with the F, upright, in a size of its own.
func sceneOf(t testing.TB, e *Engine, ops string) *image.NRGBA {
	t.Helper()
	return view(t, e, testdata(t, "odd/orientation-1.jpg"), ops+",f_png")
}

// placements are all that depends on which way is up.
func placements() []string {
	list := []string{
		"dpr_1", "61x", "x47", "50x50,fp_0.2_0.7", "30x60,fp_1_0", "60x30,fit_contain,fp_0_1,bg_336699",
		"40x40,crop_10_20_70_50", "crop_10p_5p_40p_70p", "40x50,crop_90_40_60_70,g_ne", "40x20,fit_fill,crop_30p_30p_60p_20p",
		"50x30,rot_90", "50x30,rot_180", "50x30,rot_270", "50x30,flip_h", "50x30,flip_v", "50x30,flip_hv", "50x30,rot_90,flip_h,g_w",
		"40x40,pad_7,bg_00ff00", "40x60,fit_contain,pad_5,rot_270,flip_v,bg_ff000080", "40x40,round_12,g_se", "70x,blur_2", "70x,pixel_9",
		"400x300,up_1,g_nw",
	}
	for _, fit := range []string{"cover", "contain", "inside", "outside", "fill"} {
		for _, g := range strings.Fields("n ne e se s sw w nw center") {
			if fit == "cover" || fit == "contain" || g == "ne" {
				list = append(list, "45x60,g_"+g+",fit_"+fit)
			}
		}
	}
	return list
}

// TestEveryOrientation: one scene stored in eight ways gives one picture, whatever
// is done with it.
func TestEveryOrientation(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	upright := sceneOf(t, e, "150x100")
	for _, kind := range []struct {
		name   string
		encode func(*image.NRGBA) []byte
		mean   float64
		worst  int
	}{
		{"png", func(m *image.NRGBA) []byte { return resizetest.PNG(m) }, 0.8, 24},
		{"jpeg", func(m *image.NRGBA) []byte { return resizetest.JPEG(m) }, 3, 110}, // chroma of 2x2 pixels
		{"webp", func(m *image.NRGBA) []byte {
			out, _ := makeOf(t, e, resizetest.PNG(m), "dpr_1,f_webp,lossless")
			return out
		}, 0.8, 24},
	} {
		t.Run(kind.name, func(t *testing.T) {
			first := map[string]*image.NRGBA{}
			worstMean, worst := 0.0, 0
			for o := 1; o <= 8; o++ {
				src := resizetest.Oriented(kind.encode(resizetest.Stored(upright, o)), o)
				for i, ops := range sample.Every(4, placements()) {
					if i%3 != 0 && (kind.name != "jpeg" || o%2 == 0 && i%2 == 0) {
						continue
					}
					got := view(t, e, src, ops+",f_png")
					if o == 1 {
						first[ops] = got
						continue
					}
					mean, off := differ(t, got, first[ops])
					worstMean, worst = max(worstMean, mean), max(worst, off)
					if mean > kind.mean || off > kind.worst {
						t.Errorf("orientation %d, %s: %.2f off in the mean, %d at worst", o, ops, mean, off)
					}
				}
			}
			t.Logf("mean %.2f, worst %d", worstMean, worst)
		})
	}
}

// TestContainerTurns: AVIF, HEIC and JPEG XL are turned by their decoders.
func TestContainerTurns(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range sample.Every(4, []string{
		"scene.avif", "scene.heic", "scene.jxl", "scene.jp2", "lzw.tif",
		"orientation-2.avif", "orientation-3.avif", "orientation-4.avif", "orientation-6.avif", "orientation-8.avif",
		"orientation-6.jxl", "ultra-hdr.jpg", "bad-icc.jpg",
	}) {
		src := testdata(t, "odd/"+name)
		for _, ops := range []string{"120x80", "60x60,g_nw", "50x90,fp_0.8_0.2", "60x,crop_50_60_200_100", "80x80,fit_contain,bg_00ff00,rot_90"} {
			got, want := view(t, e, src, ops+",f_png"), sceneOf(t, e, ops)
			if mean, worst := differ(t, got, want); mean > 4 || worst > 120 {
				t.Errorf("%s, %s: %.2f off in the mean, %d at worst", name, ops, mean, worst)
			}
		}
	}
}

// TestTurnedHEIC turns the scene by its container: the property that tells its
// depth becomes one that turns it, anticlockwise.
func TestTurnedHEIC(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/scene.heic")
	for quarters := range 4 {
		turn := []byte{'i', 'r', 'o', 't', byte(quarters)}
		turned := bytes.Replace(src, []byte("pixi\x00"), turn, 1)
		if bytes.Equal(turned, src) {
			t.Fatal("the scene has no depth")
		}
		got := view(t, e, turned, "80x80,fit_inside,f_png")
		want := view(t, e, src, fmt.Sprintf("80x80,fit_inside,f_png%s", []string{"", ",rot_270", ",rot_180", ",rot_90"}[quarters]))
		if mean, worst := differ(t, got, want); mean > 1 || worst > 24 {
			t.Errorf("irot %d: %.2f off in the mean, %d at worst", quarters, mean, worst)
		}
	}
}
