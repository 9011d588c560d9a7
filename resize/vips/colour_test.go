package vips

import (
	"image"
	"image/color"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
)

// lab is a colour in CIELAB of D65.
func lab(c color.NRGBA) [3]float64 {
	r, g, b := linear(float64(c.R)/255), linear(float64(c.G)/255), linear(float64(c.B)/255)
	f := func(t float64) float64 {
		if t > 216./24389 {
			return math.Cbrt(t)
		}
		return (24389./27*t + 16) / 116
	}
	x := f((0.4124564*r + 0.3575761*g + 0.1804375*b) / 0.95047)
	y := f(0.2126729*r + 0.7151522*g + 0.0721750*b)
	z := f((0.0193339*r + 0.1191920*g + 0.9503041*b) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// deltaE is CIEDE2000 (Sharma, Wu, Dalal 2005).
func deltaE(p, q [3]float64) float64 {
	const rad = math.Pi / 180
	seventh := func(c float64) float64 { return math.Sqrt(math.Pow(c, 7) / (math.Pow(c, 7) + math.Pow(25, 7))) }
	g := 0.5 * (1 - seventh((math.Hypot(p[1], p[2])+math.Hypot(q[1], q[2]))/2))
	a1, a2 := (1+g)*p[1], (1+g)*q[1]
	c1, c2 := math.Hypot(a1, p[2]), math.Hypot(a2, q[2])
	h1, h2 := hue(a1, p[2]), hue(a2, q[2])
	dh, hm := h2-h1, (h1+h2)/2
	switch {
	case c1*c2 == 0:
		dh, hm = 0, h1+h2
	case dh > 180:
		dh -= 360
	case dh < -180:
		dh += 360
	}
	if c1*c2 != 0 && math.Abs(h1-h2) > 180 {
		if hm += 180; h1+h2 >= 360 {
			hm -= 360
		}
	}
	dL, dC, dH := q[0]-p[0], c2-c1, 2*math.Sqrt(c1*c2)*math.Sin(dh/2*rad)
	lm, cm := (p[0]+q[0])/2-50, (c1+c2)/2
	t := 1 - 0.17*math.Cos((hm-30)*rad) + 0.24*math.Cos(2*hm*rad) + 0.32*math.Cos((3*hm+6)*rad) - 0.20*math.Cos((4*hm-63)*rad)
	sL, sC, sH := 1+0.015*lm*lm/math.Sqrt(20+lm*lm), 1+0.045*cm, 1+0.015*cm*t
	turn := -math.Sin(60*math.Exp(-math.Pow((hm-275)/25, 2))*rad) * 2 * seventh(cm)
	return math.Sqrt(dL/sL*dL/sL + dC/sC*dC/sC + dH/sH*dH/sH + turn*(dC/sC)*(dH/sH))
}

func hue(a, b float64) float64 {
	h := math.Atan2(b, a) * 180 / math.Pi
	if h < 0 {
		h += 360
	}
	return h
}

// TestDeltaE checks pairs of Sharma, Wu and Dalal's table 1.
func TestDeltaE(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p, q [3]float64
		want float64
	}{
		{[3]float64{50, 2.6772, -79.7751}, [3]float64{50, 0, -82.7485}, 2.0425},
		{[3]float64{50, -1, 2}, [3]float64{50, 0, 0}, 2.3669},
		{[3]float64{50, 2.49, -0.001}, [3]float64{50, -2.49, 0.0011}, 7.2195},
		{[3]float64{50, 2.5, 0}, [3]float64{58, 24, 15}, 19.4535},
		{[3]float64{60.2574, -34.0099, 36.2677}, [3]float64{60.4626, -34.1751, 39.4387}, 1.2644},
		{[3]float64{22.7233, 20.0904, -46.694}, [3]float64{23.0331, 14.973, -42.5619}, 2.0373},
	} {
		if got := deltaE(c.p, c.q); math.Abs(got-c.want) > 0.0001 {
			t.Errorf("%v, %v: %.4f, want %.4f", c.p, c.q, got, c.want)
		}
	}
}

// meanDeltaE compares colours where there are any.
func meanDeltaE(t testing.TB, a, b *image.NRGBA) (mean, worst float64) {
	t.Helper()
	if a.Rect != b.Rect {
		t.Fatalf("sizes differ: %v, %v", a.Rect, b.Rect)
	}
	n := 0
	for i, p := range pixelsOf(a) {
		q := b.NRGBAAt(i%a.Rect.Dx(), i/a.Rect.Dx())
		if p.A < 128 || q.A < 128 {
			continue
		}
		d := deltaE(lab(p), lab(q))
		mean, worst, n = mean+d, max(worst, d), n+1
	}
	return mean / float64(max(n, 1)), worst
}

// reference is a picture in sRGB in its own size: what libvips' command line
// makes of it with icc_transform, or, without a profile, its own idea of it.
func reference(t testing.TB, name, fallback string) *image.NRGBA {
	t.Helper()
	in, out := filepath.Join("../../testdata", name), filepath.Join(t.TempDir(), "out.png")
	args := []string{"icc_transform", in, out, "srgb", "--embedded", "--depth", "8"}
	switch fallback {
	case "":
	case "none":
		args = []string{"colourspace", in, out, "srgb"}
	default:
		args = append(args, "--input-profile", fallback)
	}
	vips, err := exec.LookPath("vips")
	if err != nil {
		t.Skip("the command vips is missing; it comes with libvips-tools")
	}
	if said, err := exec.Command(vips, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, said)
	}
	return decoded(t, nil, testfile(t, out))
}

// boxed is m averaged over blocks of n x n pixels.
func boxed(m *image.NRGBA, n int) *image.NRGBA {
	return drawnBy(m.Rect.Dx()/n, m.Rect.Dy()/n, func(x, y int) color.NRGBA {
		var sum [4]int
		for i := range n * n {
			p := m.NRGBAAt(x*n+i%n, y*n+i/n)
			sum[0], sum[1], sum[2], sum[3] = sum[0]+int(p.R), sum[1]+int(p.G), sum[2]+int(p.B), sum[3]+int(p.A)
		}
		half := n * n / 2
		return color.NRGBA{
			uint8((sum[0] + half) / (n * n)), uint8((sum[1] + half) / (n * n)),
			uint8((sum[2] + half) / (n * n)), uint8((sum[3] + half) / (n * n)),
		}
	})
}

// TestAgainstTransform compares what comes out with what libvips' icc_transform
// makes of the whole original.
func TestAgainstTransform(t *testing.T) {
	sample.Skip(t, "starts the command vips")
	t.Parallel()
	e := defaultEngine(t)
	for _, c := range []struct {
		name, fallback string
		n              int // times smaller
	}{
		{"odd/p3.jpg", "", 2},
		{"odd/adobe-rgb.jpg", "", 2},
		{"odd/swapped.jpg", "", 2},
		{"odd/swapped.png", "", 2},
		{"odd/16bit-p3.png", "", 2},
		{"odd/cmyk.jpg", "cmyk", 2},
		{"odd/cmyk-plain.jpg", "cmyk", 2},
		{"odd/cmyk-icc.jpg", "", 2},
		{"odd/ycck.jpg", "cmyk", 2},
		{"odd/gray-linear.jpg", "", 2},
		{"odd/16bit.png", "none", 2},
		{"odd/16bit.tif", "none", 2},
		{"odd/gray.jpg", "none", 2},
		{"odd/gray16.png", "none", 2},
	} {
		whole := reference(t, c.name, c.fallback)
		want := boxed(whole, c.n)
		mean, worst := meanDeltaE(t, view(t, e, testdata(t, c.name), sprint("%dx%d,f_png", want.Rect.Dx(), want.Rect.Dy())), want)
		if mean >= 1 {
			t.Errorf("%s: mean dE2000 %.2f", c.name, mean)
		}
		t.Logf("%-24s mean %.2f, worst %.1f", c.name, mean, worst)
		if same := view(t, e, testdata(t, c.name), "dpr_1,f_png"); same.Rect == whole.Rect {
			if mean, worst := differ(t, same, whole); mean > 0.4 || worst > 8 {
				t.Errorf("%s in its own size: %.2f off in the mean, %d at worst", c.name, mean, worst)
			}
		}
	}
}

// TestNoProfileLeft: nothing in any result tells of a profile, EXIF or XMP.
func TestNoProfileLeft(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range sample.Every(4, []string{
		"p3.jpg", "adobe-rgb.jpg", "cmyk-icc.jpg", "gray-linear.jpg", "16bit-p3.png", "swapped.png", "ultra-hdr.jpg", "bad-icc.jpg",
		"exif.jpg", "exif.png", "exif.webp", "exif.avif", "exif.heic", "trailing.jpg",
	}) {
		for _, f := range allOutputs {
			for _, ops := range []string{"30x", "60x60,fit_contain"} {
				out, _ := makeOf(t, e, testdata(t, "odd/"+name), sprint("%s,f_%v", ops, f))
				h := headerOf(t, out)
				profile := h.ICC && !(f.String() == "jxl" && h.Gray) // libjxl makes one for grey
				if profile || h.Depth > 8 || h.CMYK {
					t.Errorf("%s as %v: %+v", name, f, h)
				}
				for _, trace := range []string{"acsp", "mntr", "ICC_PROFILE", "iCCP", "Exif", "eXIf", "EXIF", "http://ns.adobe.com", "hdrgm", "MPF\x00", "Obscura", "GPS"} {
					if strings.Contains(string(out), trace) {
						t.Errorf("%s, %s as %v holds %q", name, ops, f, trace)
					}
				}
			}
		}
	}
}

// TestKnownColours: what the files say of themselves.
func TestKnownColours(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	pure := []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}}
	for _, name := range []string{"p3.jpg", "adobe-rgb.jpg", "16bit-p3.png"} {
		m := view(t, e, testdata(t, "odd/"+name), "96x,f_png")
		for row, want := range pure {
			for _, x := range []int{24, 72} {
				if got := m.NRGBAAt(x, 12+24*row); off(got, want) > 12 {
					t.Errorf("%s, row %d at %d: %v, want %v", name, row, x, got, want)
				}
			}
		}
	}
	for _, name := range []string{"swapped.jpg", "swapped.png"} {
		m := view(t, e, testdata(t, "odd/"+name), "96x,f_png")
		for i, want := range []color.NRGBA{pure[1], pure[2], pure[0]} {
			if got := m.NRGBAAt(16+32*i, 16); off(got, want) > 6 {
				t.Errorf("%s, square %d: %v, want %v", name, i, got, want)
			}
		}
	}
	m := view(t, e, testdata(t, "odd/gray-linear.jpg"), "128x,f_png")
	for i, want := range []uint8{64, 128, 188, 255} {
		if got := m.NRGBAAt(16+32*i, 16); off(got, color.NRGBA{want, want, want, 255}) > 2 {
			t.Errorf("linear grey, square %d: %v, want %d", i, got, want)
		}
	}
	m = view(t, e, testdata(t, "odd/cmyk-icc.jpg"), "128x,f_png")
	for i, want := range []color.NRGBA{
		{0, 140, 190, 255},
		{200, 20, 110, 255},
		{250, 220, 0, 255},
		{40, 40, 40, 255},
		{0, 11, 82, 255},
		{0, 121, 0, 255},
		{196, 17, 0, 255},
		{255, 255, 255, 255},
	} {
		if got := m.NRGBAAt(16+32*(i%4), 16+32*(i/4)); off(got, want) > 10 {
			t.Errorf("inks, square %d: %v, want %v", i, got, want)
		}
	}
	want := sceneOf(t, e, "240x")
	for _, name := range []string{"ycck.jpg", "cmyk.jpg"} {
		mean, _ := meanDeltaE(t, view(t, e, testdata(t, "odd/"+name), "240x,f_png"), want)
		if mean > 12 { // inks of an unknown kind
			t.Errorf("%s: mean dE2000 %.1f from the scene", name, mean)
		}
		t.Logf("%s: mean dE2000 %.1f from the scene", name, mean)
	}
	deep := view(t, e, testdata(t, "odd/gray16.png"), "dpr_1,f_png")
	for x := range 256 {
		if p := deep.NRGBAAt(x, 32); off(p, color.NRGBA{uint8(x), uint8(x), uint8(x), 255}) > 1 {
			t.Errorf("16 bits of grey, column %d: %v", x, p)
		}
	}
}

// linear is sRGB's curve, IEC 61966-2-1.
func linear(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}
