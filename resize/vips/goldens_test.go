package vips

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

var update = flag.Bool("update", false, "make the goldens anew, and a page to look at them")

// How far a result may be from its golden, so that different versions of libvips
// and of the encoders pass and a half pixel of shift does not: in the mean of all
// channels, and at worst. What is encoded with loss may be further off.
const (
	goldenMean, goldenWorst           = 1.0, 32
	goldenLossyMean, goldenLossyWorst = 2.5, 80
)

// golden is a result that people have looked at, kept as testdata/goldens/name.png.
type golden struct{ name, src, ops string }

// goldens are one for each option, and for each kind of input and output.
var goldens = []golden{
	{"cover", "photos/cat.jpg", "120x80"},
	{"cover-gravity", "photos/cat.jpg", "120x60,g_n"},
	{"cover-focal", "photos/city.jpg", "80x80,fp_0.2_0.6"},
	{"cover-smart", "photos/portrait.jpg", "120x60,g_smart"},
	{"contain", "photos/lake.jpg", "100x100,fit_contain,bg_336699"},
	{"contain-transparent", "photos/logo.png", "120x80,fit_contain"},
	{"inside", "photos/coast.jpg", "100x60,fit_inside"},
	{"outside", "photos/coast.jpg", "60x60,fit_outside"},
	{"fill", "photos/balloons.jpg", "120x50,fit_fill"},
	{"crop", "photos/balloons.jpg", "100x,crop_10p_5p_50p_50p"},
	{"enlarged", "odd/orientation-1.jpg", "120x120,crop_190_40_40_40,up_1"},
	{"trim", "odd/disc.png", "100x100,trim"},
	{"dpr", "photos/forest.jpg", "40x40,dpr_2"},
	{"pad", "photos/forest.jpg", "90x60,pad_12,bg_ffcc00"},
	{"pad-thin", "odd/disc.png", "70x,pad_12,bg_0066cc80"},
	{"rotated", "photos/cat.jpg", "120x60,rot_90"},
	{"flipped", "odd/orientation-1.jpg", "120x80,flip_h"},
	{"rotated-flipped", "odd/orientation-1.jpg", "120x80,rot_270,flip_v"},
	{"round", "photos/portrait.jpg", "100x100,round_50"},
	{"round-ground", "photos/portrait.jpg", "100x100,round_20,bg_ffffff"},
	{"blur", "photos/city.jpg", "120x,blur_3"},
	{"blur-alpha", "odd/disc.png", "100x,blur_4"},
	{"blur-strong", "photos/city.jpg", "120x,blur_12"},
	{"sharp", "photos/cat.jpg", "120x,sharp_1.5"},
	{"sharp-alpha", "odd/disc.png", "100x,sharp_2"},
	{"bright", "photos/cat.jpg", "100x,bright_25"},
	{"contrast", "photos/cat.jpg", "100x,contrast_40"},
	{"saturated", "photos/balloons.jpg", "100x,sat_60"},
	{"faded", "photos/balloons.jpg", "100x,sat_-60"},
	{"gray", "photos/balloons.jpg", "100x,gray"},
	{"gray-ground", "photos/lake.jpg", "100x100,gray,fit_contain,bg_cc3333"},
	{"pixel", "photos/cat.jpg", "120x,pixel_11"},
	{"effects", "photos/coast.jpg", "120x,pixel_4,blur_0.8,sharp_1,bright_10,contrast_20,sat_30"},
	{"watermark", "photos/lake.jpg", "150x,wm_logo"},
	{"watermark-tiled", "photos/lake.jpg", "150x,wm_tiles"},
	{"watermark-gray", "odd/gray.jpg", "120x,wm_logo"},
	{"orientation-5", "odd/orientation-5.jpg", "120x80"},
	{"orientation-6", "odd/orientation-6.jpg", "80x80,g_nw"},
	{"orientation-avif", "odd/orientation-8.avif", "120x"},
	{"logo", "photos/logo.png", "100x"},
	{"logo-on-dark", "photos/logo.png", "100x,bg_202020"},
	{"gray-alpha", "odd/gray-alpha.png", "80x,bg_88aacc"},
	{"palette", "odd/palette.png", "120x"},
	{"p3", "odd/p3.jpg", "120x"},
	{"adobe-rgb", "odd/adobe-rgb.jpg", "120x"},
	{"cmyk", "odd/cmyk.jpg", "120x"},
	{"cmyk-icc", "odd/cmyk-icc.jpg", "128x"},
	{"ycck", "odd/ycck.jpg", "120x"},
	{"gray-linear", "odd/gray-linear.jpg", "128x"},
	{"16bit", "odd/16bit-p3.png", "120x"},
	{"ultra-hdr", "odd/ultra-hdr.jpg", "120x"},
	{"heic", "odd/scene.heic", "120x"},
	{"jxl", "odd/scene.jxl", "120x"},
	{"jp2", "odd/scene.jp2", "120x"},
	{"tiff", "odd/pages.tif", "page_2"},
	{"svg", "odd/drawing.svg", "160x"},
	{"animation", "odd/counter.gif", "50x30,f_gif"},
	{"animation-webp", "odd/counter.webp", "50x50,fit_contain,bg_336699,f_webp,lossless"},
	{"frame", "odd/animated.gif", "96x,page_4"},
	{"jpeg", "photos/cat.jpg", "120x,f_jpeg"},
	{"jpeg-flattened", "odd/disc.png", "80x,f_jpeg"},
	{"webp", "photos/cat.jpg", "120x,f_webp"},
	{"avif", "photos/cat.jpg", "120x,f_avif"},
	{"gif", "photos/balloons.jpg", "100x,f_gif"},
	{"jxl-lossy", "photos/cat.jpg", "120x,f_jxl"},
	{"bytes", "photos/cat.jpg", "120x,f_jpeg,bytes_2000"},
}

func goldenEngine(t testing.TB) *Engine {
	logo := testdata(t, "photos/logo.png")
	return engineOf(t, engine.Config{Watermarks: []watermark.Watermark{
		{Name: "logo", Image: logo, Gravity: variant.GravitySE, Opacity: 0.8, Scale: 0.3, Margin: 5},
		{Name: "tiles", Image: logo, Opacity: 0.3, Scale: 0.15, Tile: true, Margin: 12},
	}})
}

// lossy reports whether its bytes come from an encoder that loses something.
func (g golden) lossy() bool {
	return strings.Contains(g.ops, "f_jpeg") || strings.Contains(g.ops, "f_avif") || strings.Contains(g.ops, "f_jxl") || strings.HasSuffix(g.ops, "f_webp") || strings.Contains(g.ops, "f_gif") || g.name == "palette"
}

// made is the result; frames of an animation are one below the other.
func (g golden) made(t testing.TB, e *Engine) *image.NRGBA {
	t.Helper()
	ops := g.ops
	if !strings.Contains(ops, "f_") || strings.HasPrefix(ops, "page_") {
		ops += ",f_png"
	}
	if parsed, err := variant.Parse(ops); err != nil || parsed.Format == variant.FormatKeep {
		ops = strings.TrimSuffix(ops, ",f_png") + ",f_png" // fit_ and others hold f_, too
	}
	out, p := makeOf(t, e, testdata(t, g.src), ops)
	if p.Frames == 1 {
		return decoded(t, e, out)
	}
	w, h := p.Size()
	roll := image.NewNRGBA(image.Rect(0, 0, w, h*p.Frames))
	for i, frame := range filmOf(t, e, out).frames {
		draw.Draw(roll, image.Rect(0, i*h, w, i*h+h), frame, image.Point{}, draw.Src)
	}
	return roll
}

func (g golden) path() string { return filepath.Join("../../testdata/goldens", g.name+".png") }

// kept is the golden on disk, or nil.
func (g golden) kept() *image.NRGBA {
	b, err := os.ReadFile(g.path())
	if err != nil {
		return nil
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	return straightened(m)
}

func TestGoldens(t *testing.T) {
	t.Parallel()
	e := goldenEngine(t)
	var rows strings.Builder
	for _, g := range sample.Every(6, goldens) {
		if !e.CanRead(headerOf(t, testdata(t, g.src)).Format) {
			t.Logf("%s is not read here", g.src)
			continue
		}
		got, was := g.made(t, e), g.kept()
		if *update {
			row(&rows, g, was, got)
			g.keep(t, got)
			continue
		}
		g.compare(t, got, was)
	}
	if *update {
		page(t, rows.String())
	}
}

func (g golden) compare(t *testing.T, got, want *image.NRGBA) {
	if want == nil || want.Rect != got.Rect {
		t.Errorf("%s: it is %v, and no golden is as large; make goldens makes one", g.name, got.Rect)
		return
	}
	mostMean, mostWorst := goldenMean, goldenWorst
	if g.lossy() {
		mostMean, mostWorst = goldenLossyMean, goldenLossyWorst
	}
	if mean, worst := differ(t, got, want); mean > mostMean || worst > mostWorst {
		t.Errorf("%s (%s of %s): %.2f off its golden in the mean, %d at worst, allowed are %v and %d; if that is right, run make goldens and look at them",
			g.name, g.ops, g.src, mean, worst, mostMean, mostWorst)
	}
}

func encoded(t testing.TB, m *image.NRGBA) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (g golden) keep(t *testing.T, m *image.NRGBA) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(g.path()), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.path(), encoded(t, m), 0o644); err != nil {
		t.Fatal(err)
	}
}

// row shows a picture before and after, and eight times what differs.
func row(b *strings.Builder, g golden, was, is *image.NRGBA) {
	said := "new"
	pictures := ""
	show := func(m *image.NRGBA) {
		var buf bytes.Buffer
		if err := png.Encode(&buf, m); err == nil {
			pictures += `<td><img src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(buf.Bytes()) + `"></td>`
		}
	}
	switch {
	case was == nil:
		pictures += "<td></td>"
	case was.Rect != is.Rect:
		show(was)
		said = "another size"
	default:
		show(was)
		said = "the same"
		if !bytes.Equal(was.Pix, is.Pix) {
			said = "changed"
		}
	}
	show(is)
	if said == "changed" {
		show(drawnBy(is.Rect.Dx(), is.Rect.Dy(), func(x, y int) color.NRGBA {
			p, q := seen(was.NRGBAAt(x, y)), seen(is.NRGBAAt(x, y))
			far := func(i int) uint8 { return uint8(min(255, 8*absolute(p[i]-q[i]))) }
			return color.NRGBA{max(far(0), far(3)), far(1), far(2), 255}
		}))
	}
	fmt.Fprintf(b, "<tr class=%q><th>%s<br><code>%s</code><br><code>%s</code><br>%s</th>%s</tr>\n",
		strings.ReplaceAll(said, " ", "-"), html.EscapeString(g.name), html.EscapeString(g.ops), html.EscapeString(g.src), said, pictures)
}

// page writes what was made anew to where people can look at it.
func page(t *testing.T, rows string) {
	t.Helper()
	path := filepath.Join(os.TempDir(), "thumbery-goldens.html")
	text := "<!doctype html><meta charset=utf-8><title>Goldens</title><style>body{background:#bbb;font:14px sans-serif}" +
		"td{padding:8px;background:repeating-conic-gradient(#ccc 0 25%,#eee 0 50%) 0/16px 16px}th{text-align:left;font-weight:normal;padding:8px}" +
		".changed th,.another-size th,.new th{background:#fd8}</style><p>Each before, after, and eight times the difference.<table>\n" + rows + "</table>\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("made %d goldens; look at file://%s, and raise the recipe in resize/vips/vips.go if pixels changed", len(goldens), path)
}

// TestGoldensTell: a shift by half a pixel, a step of brightness and a lost
// profile are further off than is allowed.
func TestGoldensTell(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	m := view(t, e, testdata(t, "photos/cat.jpg"), "120x80,f_png")
	shifted := view(t, e, resizetest.PNG(view(t, e, testdata(t, "photos/cat.jpg"), "240x160,f_png")), "120x80,crop_1_0_239_160,fit_fill,f_png")
	brighter := view(t, e, resizetest.PNG(m), "dpr_1,bright_1,f_png")
	for name, other := range map[string]*image.NRGBA{"shifted": shifted, "brighter": brighter} {
		if mean, worst := differ(t, m, other); mean <= goldenMean && worst <= goldenWorst {
			t.Errorf("%s: only %.2f off in the mean, %d at worst", name, mean, worst)
		}
	}
}
