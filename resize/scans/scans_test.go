package scans

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/internal/source"
)

// file is one that testdata/make.sh makes.
func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".jpg"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// plane is the samples of a component.
type plane struct {
	of           []byte
	w, h, stride int
	step         int // from one to the next
}

// planes are those of a JPEG, as Go decodes it.
func planes(t *testing.T, data []byte) []plane {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	switch m := m.(type) {
	case *image.Gray:
		return []plane{{m.Pix, w, h, m.Stride, 1}}
	case *image.CMYK:
		return interleaved(m.Pix, w, h, m.Stride, 4)
	case *image.RGBA:
		return interleaved(m.Pix, w, h, m.Stride, 3)
	case *image.YCbCr:
		c := m.COffset(w-1, h-1)
		return []plane{{m.Y, w, h, m.YStride, 1}, {m.Cb, c%m.CStride + 1, c/m.CStride + 1, m.CStride, 1}, {m.Cr, c%m.CStride + 1, c/m.CStride + 1, m.CStride, 1}}
	}
	t.Fatalf("a %T", m)
	return nil
}

// interleaved are the first n planes of pixels of four bytes.
func interleaved(pix []byte, w, h, stride, n int) (all []plane) {
	for i := range n {
		all = append(all, plane{pix[i:], w, h, stride, 4})
	}
	return all
}

// shrunk has the means of n x n samples, as a decoder that shrinks would.
func (p plane) shrunk(n int) (means []float64) {
	for y := 0; y+n <= p.h; y += n {
		for x := 0; x+n <= p.w; x += n {
			sum := 0
			for i := range n * n {
				sum += int(p.of[(y+i/n)*p.stride+(x+i%n)*p.step])
			}
			means = append(means, float64(sum)/float64(n*n))
		}
	}
	return means
}

// likenesses compares the components of two JPEGs, each as far as it is shrunk.
func likenesses(t *testing.T, a, b []byte, shrink int) (worst float64) {
	p := picture{src: a}
	if !p.read() {
		t.Fatal("it is not read")
	}
	worst = math.Inf(1)
	of, with := planes(t, a), planes(t, b)
	for i := range of {
		n := blockSize / p.scaledSize(i, shrink)
		worst = min(worst, likeness(of[i].shrunk(n), with[i].shrunk(n)))
	}
	return worst
}

// likeness is the signal-to-noise ratio of b against a in dB.
func likeness(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return 10 * math.Log10(255*255*float64(len(a))/max(sum, 1e-9))
}

// row is a file, and how many scans it has, and how many are needed at 8, 4 and 2, and if
// little is left to the resizer at 4 and 2.
type row struct {
	name             string
	all              int
	at8, at4, at2    int
	little4, little2 int
}

var rows = []row{
	{"444", 10, 2, 3, 7, 7, 10},
	{"422", 10, 2, 3, 7, 7, 10},
	{"440", 10, 2, 3, 7, 7, 10},
	{"411", 10, 2, 5, 7, 7, 10},
	{"420", 10, 6, 5, 9, 9, 10},
	{"410", 10, 6, 5, 9, 9, 10},
	{"grey", 6, 2, 3, 5, 5, 6},
	{"restarts", 10, 6, 5, 9, 9, 10},
	{"tables", 10, 6, 5, 9, 9, 10},
	{"rgb", 14, 2, 5, 11, 11, 14},
	{"cmyk", 18, 2, 6, 14, 14, 18},
	{"ycck", 18, 2, 6, 14, 14, 18},
	{"mozjpeg", 10, 6, 7, 9, 9, 10},
	{"spectral", 8, 4, 6, 7, 7, 8},
	{"successive", 16, 11, 12, 15, 15, 16},
	{"split", 8, 6, 6, 7, 7, 8},
	{"crossed", 8, 3, 8, 7, 7, 8},
	{"coarse", 4, 4, 4, 4, 4, 4},
	{"partial", 4, 4, 4, 4, 4, 4},
	{"arithmetic", 10, 10, 10, 10, 10, 10},
	{"baseline", 1, 1, 1, 1, 1, 1},
}

func scansIn(data []byte) int { return bytes.Count(data, []byte{0xff, source.SOS}) }

// floors are how like the whole picture a component is at least, in dB, at each Shrink. What
// is rounded differs at 8.
var floors = map[int]float64{8: 50, 4: 29, 2: 36}

// TestNeeded: the scans that are left, and what they look like in Go's decoder.
func TestNeeded(t *testing.T) {
	t.Parallel()
	for _, r := range rows {
		src := file(t, r.name)
		kept := bytes.Clone(src)
		for use, want := range map[Use]int{
			{8, 2}: r.at8, {8, 1}: r.at8, {4, 2}: r.at4, {2, 2}: r.at2, {4, 1.9}: r.little4, {2, 1}: r.little2,
			{1, 4}: r.all, {3, 4}: r.all, {16, 2}: r.all, {}: r.all,
		} {
			out := Needed(src, use)
			if n := scansIn(out); n != want {
				t.Errorf("%s, %v: %d scans, want %d", r.name, use, n, want)
			}
			if same := &out[0] == &src[0]; same != (want == r.all) {
				t.Errorf("%s, %v: all of it %t", r.name, use, same)
			} else if same || r.name == "restarts" { // Go's decoder fails
				continue
			}
			if like := likenesses(t, src, out, use.Shrink); like < floors[use.Shrink] {
				t.Errorf("%s, %v: %.1f dB", r.name, use, like)
			}
		}
		if !bytes.Equal(src, kept) {
			t.Errorf("%s was changed", r.name)
		}
	}
	names, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(names) != len(rows) {
		t.Errorf("%d rows for %s", len(rows), strings.Join(names, " "))
	}
}

// TestWhole: what is unusual is left to the decoder.
func TestWhole(t *testing.T) {
	t.Parallel()
	src := file(t, "444")
	frame, scan := bytes.Index(src, []byte{0xff, source.SOF2}), bytes.Index(src, []byte{0xff, source.SOS})
	tables := bytes.Index(src, []byte{0xff, source.DQT})
	last := bytes.LastIndex(src, []byte{0xff, source.SOS})
	with := func(at int, b ...byte) []byte { // b instead of what is there
		return slices.Concat(src[:at], b, src[at+len(b):])
	}
	inserted := func(at int, b ...byte) []byte { return slices.Concat(src[:at], b, src[at:]) }
	for name, data := range map[string][]byte{
		"nothing":                     {},
		"no JPEG":                     []byte("\x89PNG"),
		"baseline":                    with(frame+1, 0xc0),
		"arithmetic coding":           with(frame+1, 0xca),
		"12 bits":                     with(frame+4, 12),
		"no lines yet":                with(frame+5, 0, 0),
		"two frames":                  inserted(scan, src[frame:frame+19]...),
		"a component twice":           with(frame+13, 1),
		"a table that cannot be":      with(frame+12, 4),
		"no sampling":                 with(frame+11, 0x01),
		"five components":             with(frame+9, 5),
		"a DNL":                       inserted(last, 0xff, 0xdc, 0, 4, 0, 75),
		"a DAC":                       inserted(last, 0xff, 0xcc, 0, 4, 0, 0),
		"a second picture":            inserted(last, 0xff, source.SOI),
		"a marker of no meaning":      inserted(last, 0xff, 0x01),
		"no marker":                   inserted(frame, 0),
		"no quantization":             with(tables+1, source.COM),
		"a bad quantization table":    with(tables+4, 0x20),
		"no components":               with(scan+4, 0),
		"too many components":         with(scan+4, 4),
		"a component that is not":     with(scan+5, 7),
		"a component twice in a scan": with(scan+7, 1),
		"DC with AC":                  with(scan+12, 1),
		"coefficients that are not":   with(last+8, 64),
		"a refinement of too much":    with(last+9, 0x20),
		"a refinement of another":     with(last+9, 0x21),
		"a first pass again":          with(last+9, 0),
		"a short scan header":         with(last+3, 7),
		"a segment beyond the end":    with(last+2, 0xff),
		"no last scan":                slices.Concat(src[:last], []byte{0xff, source.EOI}),
		"AC first":                    slices.Concat(src[:scan], src[last:]),
		"more scans than are read":    inserted(last, bytes.Repeat(src[scan:scan+14], 200)...),
	} {
		for _, u := range []Use{{8, 2}, {4, 2}, {2, 2}} {
			if out := Needed(data, u); !bytes.Equal(out, data) {
				t.Errorf("%s: %d bytes of %d at %d", name, len(out), len(data), u.Shrink)
			}
		}
	}
	for n := range src {
		if out := Needed(src[:n], Use{4, 2}); len(out) != n {
			t.Errorf("cut short to %d bytes: %d", n, len(out))
		}
	}
}

// TestUsual: what does not matter is no reason to take all.
func TestUsual(t *testing.T) {
	t.Parallel()
	src := file(t, "444")
	frame, last := bytes.Index(src, []byte{0xff, source.SOF2}), bytes.LastIndex(src, []byte{0xff, source.SOS})
	plain := Needed(src, Use{4, 2})
	for name, data := range map[string][]byte{
		"after the end":   append(bytes.Clone(src), "\xff\xd8 another"...),
		"fill bytes":      slices.Concat(src[:frame], []byte{0xff, 0xff}, src[frame:]),
		"in a late table": slices.Concat(src[:last], []byte("\xff\xfe\x00\x06text"), src[last:]),
	} {
		out := Needed(data, Use{4, 2})
		if len(out) < len(plain) || len(out) > len(plain)+8 || !reflect.DeepEqual(planes(t, out), planes(t, plain)) {
			t.Errorf("%s: %d bytes, and %d without", name, len(out), len(plain))
		}
	}
}
