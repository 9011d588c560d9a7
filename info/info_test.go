package info

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bbrks/go-blurhash"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// describe makes the document about a picture, and its bytes.
func describe(t *testing.T, r resize.Resizer, src []byte) (Document, []byte) {
	t.Helper()
	h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDescriber(r, resize.Settings{CanWrite: r.CanWrite})
	p, err := d.Plan(h)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Describe(t.Context(), resize.InMemory(src), h, p, true)
	if err != nil {
		t.Fatal(err)
	}
	var doc Document
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc, b
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		head   Document
		colors int
		media  string // of the placeholder
		w, h   int    // of the placeholder
	}{
		"photos/cat.jpg":        {Document{Width: 1600, Height: 2000, Format: "jpeg", Orientation: 1, Pages: 1}, 6, "image/jpeg", 19, 24},
		"photos/logo.png":       {Document{Width: 1000, Height: 1000, Format: "png", Orientation: 1, Pages: 1, Alpha: true}, 6, "image/png", 24, 24},
		"odd/orientation-6.jpg": {Document{Width: 480, Height: 320, Format: "jpeg", Orientation: 6, Pages: 1}, 6, "image/jpeg", 24, 16},
		"odd/gray.jpg":          {Document{Width: 480, Height: 320, Format: "jpeg", Orientation: 1, Pages: 1}, 4, "image/jpeg", 24, 16},
		"odd/1x1.png":           {Document{Width: 1, Height: 1, Format: "png", Orientation: 1, Pages: 1}, 1, "image/jpeg", 1, 1},
		"odd/palette.png":       {Document{Width: 240, Height: 160, Format: "png", Orientation: 1, Pages: 1, Alpha: true}, 6, "image/png", 24, 16},
	} {
		t.Run(name, func(t *testing.T) {
			src := read(t, name)
			doc, b := describe(t, &resizetest.Fake{}, src)
			head := Document{
				Width: doc.Width, Height: doc.Height, Format: doc.Format, Orientation: doc.Orientation,
				Alpha: doc.Alpha, Pages: doc.Pages,
			}
			if fmt.Sprint(head) != fmt.Sprint(want.head) || doc.Bytes != int64(len(src)) {
				t.Errorf("%s", b)
			}
			checkHashes(t, doc, smallOf(t, src))
			media, m := dataURI(t, doc.Placeholder)
			if media != want.media || m.Bounds().Dx() != want.w || m.Bounds().Dy() != want.h {
				t.Errorf("the placeholder is %s of %v", media, m.Bounds())
			}
			if len(doc.Colors) != want.colors || len(b) > 4096 || !IsDocument(bytes.NewReader(b), int64(len(b))) {
				t.Errorf("%d bytes: %s", len(b), b)
			}
			if _, again := describe(t, &resizetest.Fake{}, src); !bytes.Equal(again, b) {
				t.Errorf("first %s and then %s", b, again)
			}
		})
	}
}

// smallOf is the small picture that a document is made of.
func smallOf(t *testing.T, src []byte) *image.NRGBA {
	t.Helper()
	h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewDescriber(&resizetest.Fake{}, resize.Settings{}).Plan(h)
	if err != nil {
		t.Fatal(err)
	}
	b, err := new(resizetest.Fake).Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := decode(b)
	if err != nil || max(m.Rect.Dx(), m.Rect.Dy()) > 100 {
		t.Fatalf("%v, %v", m.Rect, err)
	}
	return m
}

// checkHashes decodes what the document says and compares it with what m is on
// average.
func checkHashes(t *testing.T, doc Document, m *image.NRGBA) {
	t.Helper()
	decoded, err := blurhash.Decode(doc.BlurHash, 48, 48, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := light(decoded.(*image.NRGBA)), light(m); far(got, want, 8) {
		t.Errorf("BlurHash %s is %v on average, want %v", doc.BlurHash, got, want)
	}
	if got, _ := thumbColor(t, doc.ThumbHash); far(got, rgb(t, doc.Average), 8) {
		t.Errorf("ThumbHash %s is %v on average, want %s", doc.ThumbHash, got, doc.Average)
	}
}

// light is the mean of a picture's light on white, as sRGB from 0 to 255.
func light(m *image.NRGBA) (c [3]float64) {
	n := float64(m.Rect.Dx() * m.Rect.Dy())
	for p, a := range pixels(m) {
		for i := range c {
			c[i] += linear(p[i]*a+1-a) / n
		}
	}
	for i := range c {
		c[i] = 255 * gamma(c[i])
	}
	return c
}

func rgb(t *testing.T, hex string) (c [3]float64) {
	t.Helper()
	var r, g, b uint8
	if _, err := fmt.Sscanf(hex, "#%02x%02x%02x", &r, &g, &b); err != nil {
		t.Fatalf("%q: %v", hex, err)
	}
	return [3]float64{float64(r), float64(g), float64(b)}
}

func far(a, b [3]float64, most float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > most {
			return true
		}
	}
	return false
}

func dataURI(t *testing.T, s string) (media string, m image.Image) {
	t.Helper()
	media, body, _ := strings.Cut(strings.TrimPrefix(s, "data:"), ";base64,")
	b, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	switch media {
	case "image/jpeg":
		m, err = jpeg.Decode(bytes.NewReader(b))
	case "image/png":
		m, err = png.Decode(bytes.NewReader(b))
	default:
		t.Fatalf("a placeholder of %s", media)
	}
	if err != nil {
		t.Fatal(err)
	}
	return media, m
}

// A BlurHash has the aspects of the picture, and white where there is nothing.
func TestBlurHash(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		m    *image.NRGBA
		x, y int
		want string
	}{
		"upright":     {stripes(90, red, 60), 3, 4, "#ff0000"},
		"lying":       {stripes(60, blue, 90), 4, 3, "#0000ff"},
		"transparent": {stripes(60, clear, 90), 4, 3, "#ffffff"},
		"thin":        {stripes(1, green, 100), 4, 3, "#008000"},
	} {
		hash, err := blurHash(tt.m)
		if err != nil {
			t.Fatal(err)
		}
		x, y, err := blurhash.Components(hash)
		if err != nil || x != tt.x || y != tt.y {
			t.Errorf("%s: %d by %d, %v", name, x, y, err)
		}
		m, err := blurhash.Decode(hash, 8, 8, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := average(m.(*image.NRGBA)); far(rgb(t, got), rgb(t, tt.want), 3) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// An error of the small picture is not reported as an error of the original.
func TestErrors(t *testing.T) {
	t.Parallel()
	src := resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60)))
	h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
	if err != nil {
		t.Fatal(err)
	}
	make := func(r resize.Resizer) error {
		d := NewDescriber(r, resize.Settings{CanWrite: r.CanWrite})
		p, err := d.Plan(h)
		if err != nil {
			return err
		}
		_, err = d.Describe(t.Context(), resize.InMemory(src), h, p, false)
		return err
	}
	if err := make(&resizetest.Fake{Fail: header.ErrBroken}); !errors.Is(err, header.ErrBroken) {
		t.Errorf("a broken picture: %v", err)
	}
	if err := make(failing{&resizetest.Fake{}}); err == nil || errors.Is(err, header.ErrBroken) {
		t.Errorf("a broken placeholder: %v", err)
	}
	if err := make(&resizetest.Fake{Formats: []variant.Format{variant.JPEG}}); err == nil {
		t.Error("no error of an engine that writes no PNG")
	}
}

// A lenient engine's half picture has a document, and is said to be broken.
func TestHalf(t *testing.T) {
	t.Parallel()
	src := resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60)))
	h := header.Header{Format: variant.JPEG, Width: 80, Height: 60, Orientation: 1, Pages: 1, Depth: 8}
	d := NewDescriber(lenient{&resizetest.Fake{}}, resize.Settings{})
	p, err := d.Plan(h)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Describe(t.Context(), resize.InMemory(src), h, p, false)
	if !errors.Is(err, header.ErrBroken) || !IsDocument(bytes.NewReader(b), int64(len(b))) {
		t.Errorf("%s, %v", b, err)
	}
}

// lenient calls every original broken.
type lenient struct{ *resizetest.Fake }

func (l lenient) Resize(ctx context.Context, src resize.Source, h header.Header, p resize.Plan) ([]byte, error) {
	b, err := l.Fake.Resize(ctx, src, h, p)
	if h.Format == variant.JPEG && err == nil {
		err = header.ErrBroken
	}
	return b, err
}

// failing fails to make placeholders.
type failing struct{ *resizetest.Fake }

func (f failing) Resize(ctx context.Context, src resize.Source, h header.Header, p resize.Plan) ([]byte, error) {
	if h.Format == variant.PNG {
		return nil, header.ErrBroken
	}
	return f.Fake.Resize(ctx, src, h, p)
}

func TestIsDocument(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		"{}\n": true, "{\"a\":1}\n": true, "{}": false, "": false, "{\n": false, "}\n": false, "[]\n": false,
		"{\"a\":1": false, "{a}\n": false, strings.Repeat(" ", maxBytes) + "{}\n": false,
	} {
		if got := IsDocument(strings.NewReader(body), int64(len(body))); got != want {
			t.Errorf("%.20q: %v", body, got)
		}
	}
	if IsDocument(strings.NewReader("{}\n"), 10) {
		t.Error("a file that is shorter than was said is a document")
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"": "", " Canon \x00": "Canon", "a\x1b[31mb\nc": "a[31mbc", "\xff\xfeX": "X", "é\u0085\u202e": "é",
		strings.Repeat("é", 100): strings.Repeat("é", 64), "x" + strings.Repeat("é", 100): "x" + strings.Repeat("é", 63),
	} {
		if got := clean(s); got != want {
			t.Errorf("clean(%q) = %q, want %q", s, got, want)
		}
	}
}
