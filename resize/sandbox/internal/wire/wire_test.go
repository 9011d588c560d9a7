package wire_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

// fill sets every field within v to something that is not zero, so that a field that is
// forgotten on the way shows.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 3)
	case reflect.String:
		v.SetString(fmt.Sprintf("<%d>", *n))
	default:
		panic(v.Kind())
	}
}

func filled[T any]() (x T) {
	n := 0
	fill(reflect.ValueOf(&x).Elem(), &n)
	return x
}

func TestRequestsArriveWhole(t *testing.T) {
	t.Parallel()
	h := filled[header.Header]()
	h.Profile, h.EXIF = header.Extent{}, header.Extent{} // say where they lie in a file that the engine has
	for _, r := range []wire.Request{
		{ID: 1, Kind: wire.Setup, Size: 100},
		{ID: 2, Kind: wire.Look, Size: 1 << 40, Header: h, Variant: filled[variant.Variant]()},
		{ID: 3, Kind: wire.Resize, Header: h, Plans: []resize.Plan{filled[resize.Plan]()}},
		{ID: 1<<64 - 1, Kind: wire.Resize, Header: h, Plans: make([]resize.Plan, wire.MaxPlans)},
		{ID: 5, Kind: wire.Probe, Format: variant.PDF, Page: 7},
	} {
		data, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.DecodeRequest(data); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%+v, %v, want %+v", got, err, r)
		}
	}
}

// The longest plans there are fit into a message, as many as are allowed.
func TestPlansFit(t *testing.T) {
	t.Parallel()
	long := filled[resize.Plan]()
	v := reflect.ValueOf(&long).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Int {
			v.Field(i).SetInt(header.SourceSideMax)
		}
	}
	long.Watermark = strings.Repeat("w", 64)
	r := wire.Request{ID: 1<<64 - 1, Kind: wire.Resize, Header: filled[header.Header]()}
	for range wire.MaxPlans {
		r.Plans = append(r.Plans, long)
	}
	data, err := r.Encode()
	t.Logf("%d bytes", len(data))
	if err != nil {
		t.Error(err)
	}
	r.Plans[0].Watermark = strings.Repeat("w", wire.MaxMessage)
	if _, err := r.Encode(); err == nil {
		t.Error("a message that is too long is encoded")
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, r := range []wire.Request{
		{},
		{Kind: "sing"},
		{Kind: wire.Look, Size: -1},
		{Kind: wire.Resize, Plans: make([]resize.Plan, wire.MaxPlans+1)},
	} {
		data, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.DecodeRequest(data); err == nil {
			t.Errorf("%+v is accepted", r)
		}
	}
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	want := wire.SetUp{Build: "v1", Memory: 5, CPU: 6, Engine: engine.Config{
		Choice: engine.Direct, AVIFSpeed: 7, Formats: header.AllFormats, Lenient: true, AllScans: true,
		Watermarks: []watermark.Watermark{{Name: "w", Image: make([]byte, 1<<20), Opacity: 1. / 3, Gravity: variant.GravitySE}},
	}}
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := wire.DecodeSetUp(data); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := wire.DecodeSetUp(data[:100]); err == nil {
		t.Error("a part of it is accepted")
	}
}

// ready is what a child says that is well.
func ready() *wire.Ready {
	return &wire.Ready{
		Capabilities: engine.Capabilities{
			Recipe: "v2.auto", Reads: header.DefaultFormats, Writes: resize.WrittenFormats,
			Versions: engine.Versions{Bimg: "1", Libvips: "8", Compiled: "8", LibraryReads: header.AllFormats, LibraryWrites: 1 << variant.TIFF},
			Speed:    engine.Speed{SIMD: true, Target: "AVX2"},
		},
		Walls: []wire.Wall{{Name: "landlock"}, {Name: "seccomp", Missing: "the kernel has none"}},
	}
}

// probed is a header that can be.
func probed() *header.Header {
	return &header.Header{Format: variant.PDF, Width: 612, Height: 792, Orientation: 1, Pages: 3}
}

func TestAnswersArriveWhole(t *testing.T) {
	t.Parallel()
	for _, a := range []wire.Answer{
		{ID: 1, Last: true, Off: 4096, Len: 1 << 40},
		{ID: 2, Plan: wire.MaxPlans - 1, Len: 5, Err: &wire.Error{Kind: wire.Broken, Text: "cut short"}},
		{ID: 3, Last: true, Found: &wire.Found{Crop: variant.Crop{W: variant.Length{Value: 3, Percent: true}}, FocalX: 0.1, FocalY: 1}},
		{ID: 4, Last: true, Header: probed()},
		{ID: 5, Last: true, Ready: ready()},
	} {
		data, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.DecodeAnswer(data); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%+v, %v, want %+v", got, err, a)
		}
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	of := func(change func(*header.Header)) wire.Answer {
		h := probed()
		change(h)
		return wire.Answer{Header: h}
	}
	for _, a := range []wire.Answer{
		{Off: -1},
		{Len: -1},
		{Plan: -1},
		{Plan: wire.MaxPlans},
		{Err: &wire.Error{}},
		{Err: &wire.Error{Kind: "angry"}},
		{Found: &wire.Found{FocalX: 1.1}},
		{Found: &wire.Found{FocalY: -0.1}},
		{Found: &wire.Found{Crop: variant.Crop{X: variant.Length{Value: -1}}}},
		{Found: &wire.Found{Crop: variant.Crop{H: variant.Length{Value: 1e300}}}},
		of(func(h *header.Header) { h.Width = 0 }),
		of(func(h *header.Header) { h.ExactWidth, h.ExactHeight = 613.5, 792 }),
		of(func(h *header.Header) { h.ExactWidth, h.ExactHeight = 612, -1 }),
		of(func(h *header.Header) { h.Height = header.SourceSideMax + 1 }),
		of(func(h *header.Header) { h.Format = variant.PDF + 1 }),
		of(func(h *header.Header) { h.Orientation = 0 }),
		of(func(h *header.Header) { h.Orientation = 9 }),
		of(func(h *header.Header) { h.Pages = 0 }),
		of(func(h *header.Header) { h.Pages = 1 << 30 }),
		of(func(h *header.Header) { h.Scans = 1000 }),
		of(func(h *header.Header) { h.Depth = 256 }),
		of(func(h *header.Header) { h.Samples = 1 << 20 }),
		of(func(h *header.Header) { h.Coded = -1 }),
		of(func(h *header.Header) { h.Coded = 1 << 62 }),
	} {
		data, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.DecodeAnswer(data); err == nil || !reflect.DeepEqual(got, wire.Answer{}) {
			t.Errorf("%s is accepted: %+v", data, got)
		}
	}
	for _, data := range []string{
		"", "[]", `"x"`, `{"ID":-1}`, `{"Off":1e30}`, `{"Off":9223372036854775808}`,
		`{"Other":1}`, `{}{}`, `{} x`, "\x00\xff", strings.Repeat("[", 60_000), "{}" + strings.Repeat(" ", wire.MaxMessage),
	} {
		if _, err := wire.DecodeAnswer([]byte(data)); err == nil {
			t.Errorf("%.40q is accepted", data)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	const most = 1<<63 - 1
	for _, c := range []struct {
		off, length, size int64
		want              bool
	}{
		{0, 0, 0, true},
		{0, 10, 10, true},
		{3, 7, 10, true},
		{3, 8, 10, false},
		{11, 0, 10, false},
		{0, 11, 10, false},
		{most, most, 10, false},
		{most, most, most, false},
		{1, most, most, false},
		{0, most, most, true},
	} {
		if got := (wire.Answer{Off: c.off, Len: c.length}).Within(c.size); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		is    error // nil if it is none that anybody asks for
		class failure.Class
	}{
		{fmt.Errorf("%w: its pixels cannot be decoded", header.ErrBroken), header.ErrBroken, failure.Picture},
		{fmt.Errorf("%w: x", header.ErrNotPicture), header.ErrNotPicture, failure.Picture},
		{fmt.Errorf("%w: x", header.ErrTooLarge), header.ErrTooLarge, failure.Picture},
		{fmt.Errorf("%w: the smallest has 5 bytes", resize.ErrBytes), resize.ErrBytes, failure.Picture},
		{fmt.Errorf("x: %w", resize.ErrNoMemory), resize.ErrNoMemory, failure.Server},
		{resize.ErrTooSlow, resize.ErrTooSlow, failure.Picture},
		{fmt.Errorf("%w: and %w", header.ErrBroken, resize.ErrNoMemory), resize.ErrNoMemory, failure.Server},
		{&resize.UnsupportedError{Option: "f_tiff"}, nil, failure.Request},
		{resize.ErrDied, nil, failure.Unknown}, // not for the child to say
		{errors.New("libvips failed"), nil, failure.Unknown},
	} {
		data, err := wire.Answer{Err: wire.ErrorOf(fmt.Errorf("engine: %w", c.err))}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		a, err := wire.DecodeAnswer(data)
		if err != nil {
			t.Fatal(err)
		}
		got := a.Err.Err()
		text := "engine: " + c.err.Error()
		if c.class == failure.Request {
			text = c.err.Error()
		}
		if c.is != nil && !errors.Is(got, c.is) || failure.Of(got) != c.class || got.Error() != text || errors.Is(got, resize.ErrDied) {
			t.Errorf("%v: got %v, of class %v", c.err, got, failure.Of(got))
		}
	}
	if wire.ErrorOf(nil) != nil || (*wire.Error)(nil).Err() != nil {
		t.Error("no error becomes one")
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "plain": "plain", "Grüße": "Grüße", "a\nb\x00c": "a?b?c", "\xff\xfe": "??", "\u202eevil": "?evil",
		strings.Repeat("x", 501): strings.Repeat("x", 500), strings.Repeat("x", 499) + "ü": strings.Repeat("x", 499) + "?",
	} {
		if got := wire.Printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
