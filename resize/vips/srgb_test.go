package vips

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/resize/container"
	"github.com/thumbery/thumbery/resize/icc"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// builtIn is a profile that is part of libvips.
func builtIn(t testing.TB, name string) []byte {
	t.Helper()
	e := defaultEngine(t)
	j := job{run: newRun(), engine: e}
	defer j.Close()
	im := j.Do("icc_transform", op.On(j.Do("copy", op.On(j.Raster(make([]byte, 12), 2, 2, 3)), op.Set("interpretation", "srgb"))),
		op.Set("output_profile", name), op.Set("input_profile", "srgb"))
	if j.Err != nil {
		t.Fatal(j.Err)
	}
	return j.Profile(im)
}

func TestIsSRGB(t *testing.T) {
	t.Parallel()
	if p := builtIn(t, "srgb"); !icc.IsSRGB(p) {
		t.Errorf("libvips' own sRGB of %d bytes is not taken for it", len(p))
	}
	if p := builtIn(t, "p3"); len(p) < 200 || icc.IsSRGB(p) {
		t.Errorf("libvips' P3 of %d bytes is taken for sRGB", len(p))
	}
	for _, name := range []string{"p3.jpg", "adobe-rgb.jpg", "swapped.jpg", "gray-linear.jpg", "cmyk-icc.jpg", "bad-icc.jpg"} {
		if icc.IsSRGB(profileIn(t, "odd/"+name)) {
			t.Errorf("%s is taken for sRGB", name)
		}
	}
}

func profileIn(t testing.TB, name string) []byte {
	t.Helper()
	e := defaultEngine(t)
	src := testdata(t, name)
	h, p := plan(t, e, src, "dpr_1")
	j := job{newRun(), e, src, h, p, false}
	defer j.Close()
	profile := j.Profile(j.load(j.source()))
	if j.Err != nil || len(profile) < 64 {
		t.Fatalf("%s: a profile of %d bytes, %v", name, len(profile), j.Err)
	}
	return profile
}

// TestInstalledProfiles looks at what Debian's packages bring, where they are
// installed: icc-profiles-free, colord-data, ghostscript, liblcms2-utils.
func TestInstalledProfiles(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"/usr/share/color/icc/colord/sRGB.icc":               true,
		"/usr/share/color/icc/sRGB.icc":                      true,
		"/usr/share/color/icc/ghostscript/srgb.icc":          true,
		"/usr/share/color/icc/colord/AdobeRGB1998.icc":       false,
		"/usr/share/color/icc/colord/ProPhotoRGB.icc":        false,
		"/usr/share/color/icc/colord/Gamma*.icc":             false,
		"/usr/share/color/icc/colord/SwappedRedAndGreen.icc": false,
		"/usr/share/color/icc/ghostscript/default_*.icc":     false,
		"/usr/share/color/icc/ghostscript/[a-r]*.icc":        false,
	} {
		files, _ := filepath.Glob(pattern)
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := icc.IsSRGB(b)
			t.Logf("%s: %t", f, got)
			if base := filepath.Base(f); base == "default_rgb.icc" {
				continue // is sRGB by another name
			}
			if got != want {
				t.Errorf("%s: %t, want %t", f, got, want)
			}
		}
	}
}

// withProfile puts a profile into a JPEG.
func withProfile(src, profile []byte) []byte {
	body := append([]byte("ICC_PROFILE\x00\x01\x01"), profile...)
	n := len(body) + 2
	segment := append([]byte{0xff, 0xe2, byte(n >> 8), byte(n)}, body...)
	return bytes.Join([][]byte{src[:2], segment, src[2:]}, nil)
}

// TestNearSRGB: a profile that is passed over changes nothing that can be seen,
// and one that differs a little more is not passed over.
func TestNearSRGB(t *testing.T) {
	t.Parallel()
	srgb := builtIn(t, "srgb")
	e := defaultEngine(t)
	plain := resizetest.JPEG(resizetest.Quarters(64, 48))
	want := view(t, e, plain, "dpr_1,f_png")
	if mean, worst := differ(t, view(t, e, withProfile(plain, srgb), "dpr_1,f_png"), want); worst > 0 {
		t.Errorf("sRGB itself: %.2f off, %d at worst", mean, worst)
	}
	for _, tag := range []string{"rXYZ", "gXYZ", "bXYZ", "rTRC"} {
		at := bytes.Index(srgb[128:], []byte(tag)) + 128
		bad := bytes.Clone(srgb)
		copy(bad[at:], "none")
		if icc.IsSRGB(bad) {
			t.Errorf("without %s it is sRGB", tag)
		}
	}
	swapped := bytes.Clone(srgb)
	r, g := bytes.Index(srgb[128:], []byte("rXYZ"))+128, bytes.Index(srgb[128:], []byte("gXYZ"))+128
	copy(swapped[r:], "gXYZ")
	copy(swapped[g:], "rXYZ")
	if icc.IsSRGB(swapped) {
		t.Error("with red and green swapped it is sRGB")
	}
	if got := view(t, e, withProfile(resizetest.JPEG(painted(32, 32, red)), swapped), "dpr_1,f_png").NRGBAAt(9, 9); off(got, color.NRGBA{0, 255, 0, 255}) > 8 {
		t.Errorf("red, swapped with green, is %v", got)
	}
}

// TestWrongProfiles: one for another kind of picture is passed over.
func TestWrongProfiles(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	gray, cmyk, p3 := profileIn(t, "odd/gray-linear.jpg"), profileIn(t, "odd/cmyk-icc.jpg"), profileIn(t, "odd/p3.jpg")
	for name, c := range map[string]struct {
		src     []byte
		profile []byte
	}{
		"grey's for colour":  {testdata(t, "odd/orientation-1.jpg"), gray},
		"inks' for colour":   {testdata(t, "odd/orientation-1.jpg"), cmyk},
		"colour's for grey":  {testdata(t, "odd/gray.jpg"), p3},
		"inks' for grey":     {testdata(t, "odd/gray.jpg"), cmyk},
		"grey's for inks":    {testdata(t, "odd/cmyk.jpg"), gray},
		"colour's for inks":  {testdata(t, "odd/cmyk.jpg"), p3},
		"nothing, of colour": {testdata(t, "odd/orientation-1.jpg"), []byte("no profile at all")},
		"nothing, of grey":   {testdata(t, "odd/gray.jpg"), []byte("no profile at all")},
		"nothing, of inks":   {testdata(t, "odd/cmyk.jpg"), []byte("no profile at all")},
		"cut, of colour":     {testdata(t, "odd/orientation-1.jpg"), p3[:200]},
	} {
		want := view(t, e, c.src, "120x,f_png")
		if mean, worst := differ(t, view(t, e, withProfile(c.src, c.profile), "120x,f_png"), want); mean > 0.5 || worst > 8 {
			t.Errorf("%s: %.2f off in the mean, %d at worst", name, mean, worst)
		}
	}
}

// TestStripWebP: the picture stays the same, without what tells of its origin.
func TestStripWebP(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range []string{"exif.webp", "alpha.webp", "lossless.webp", "counter.webp"} {
		src := testdata(t, "odd/"+name)
		out, err := container.StripWebP(src)
		if err != nil {
			t.Fatal(err)
		}
		was, is := headerOf(t, src), headerOf(t, out)
		if was.Pages != is.Pages || was.Alpha != is.Alpha || is.ICC || bytes.Contains(out, []byte("EXIF")) || is.Format != variant.WebP {
			t.Errorf("%s: %+v, was %+v", name, is, was)
		}
		if mean, worst := differ(t, view(t, e, out, "dpr_1,f_png"), view(t, e, src, "dpr_1,f_png")); worst > 0 {
			t.Errorf("%s: %.2f off, %d at worst", name, mean, worst)
		}
	}
}
