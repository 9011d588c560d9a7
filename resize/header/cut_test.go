package header_test

import (
	"bytes"
	"errors"
	"image"
	"os"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize/header"
)

// TestInspectFindsCuts cuts samples at every byte.
func TestInspectFindsCuts(t *testing.T) {
	t.Parallel()
	all := samples(t)
	for _, name := range []string{"jpeg", "jpeg progressive", "jpeg turned", "png", "png turned", "webp lossy", "webp lossless", "webp extended", "avif", "avif grid", "heic"} {
		src := all[name]
		whole, err := inspect(src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for n := range src {
			h, err := inspect(src[:n])
			if err == nil || n >= 16 && !errors.Is(err, header.ErrBroken) {
				t.Errorf("%s, %d bytes of %d: %v", name, n, len(src), err)
			}
			if h != (header.Header{}) && (h.Width != whole.Width || h.Height != whole.Height || h.Format != whole.Format) {
				t.Errorf("%s, %d bytes of %d: %+v of %+v", name, n, len(src), h, whole)
			}
		}
	}
}

// TestInspectSaysWhatIsLeft: what is cut short in its pixels has a header.
func TestInspectSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	turned := samples(t)["jpeg turned"]
	moving := gifOf(t, 40, 30, true, image.Rect(0, 0, 40, 30), image.Rect(5, 5, 9, 9), image.Rect(0, 0, 40, 30))
	film := webpOf(vp8x(2, 40, 30), chunk("ANIM", 1), anmf(40, 30, vp8(40, 30)), anmf(40, 30, vp8(40, 30)), anmf(40, 30, vp8(40, 30)))
	frame := len(anmf(40, 30, vp8(40, 30)))
	for _, c := range []struct {
		name string
		src  []byte
		cut  int // bytes off the end
		want string
	}{
		{"jpeg", turned, 2, "jpeg 40x30 o6 p1 d8"},
		{"jpeg, nearly all", turned, 100, "jpeg 40x30 o6 p1 d8"},
		{"jpeg, progressive, in its second scan", jpegOf(0xc2, 40, 30, 3, 3), 20, "jpeg 40x30 o1 p1 d8 progressive"},
		{"jpeg, before its scan", turned, len(turned) - 200, ""},
		{"png", samples(t)["png turned"], 20, "png 40x30 o8 p1 d8"},
		{"png without end", samples(t)["png"], 12, "png 40x30 o1 p1 d8"},
		{"png, only its head", samples(t)["png"], len(samples(t)["png"]) - 33, ""},
		{"gif, in its first frame", moving, len(moving) - bytes.IndexByte(moving[13:], 0x2c) - 13 - 14, "gif 40x30 o1 p1 d8 alpha"},
		{"gif, in its last frame", moving, 6, "gif 40x30 o1 p2 d8 alpha"},
		{"webp", webpOf(vp8(40, 30)), 1, "webp 40x30 o1 p1 d8"},
		{"webp, lossless", webpOf(vp8l(40, 30, true), make([]byte, 9)), 10, "webp 40x30 o1 p1 d8 alpha"},
		{"webp, in its last frame", film, 2, "webp 40x30 o1 p2 d8"},
		{"webp, between frames", film, frame, "webp 40x30 o1 p2 d8"},
		{"webp, in its first frame", film, 2*frame + 2, "webp 40x30 o1 p1 d8"},
		{"webp, before its frames", film, 3 * frame, ""},
		{"webp, whole, with a short header behind", webpOf(vp8(40, 30), chunk("VP8X", 1)), 0, ""},
		{"avif", samples(t)["avif"], 2, ""},
	} {
		h, err := inspect(c.src[:len(c.src)-c.cut])
		if !errors.Is(err, header.ErrBroken) {
			t.Errorf("%s: %v, want ErrBroken", c.name, err)
		}
		got := ""
		if h != (header.Header{}) {
			got = describe(h, nil)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.name, got, c.want, err)
		}
	}
}

func TestInspectGIFCuts(t *testing.T) {
	t.Parallel()
	src := samples(t)["gif"]
	accepted := 0
	for n := range src {
		if _, err := inspect(src[:n]); err == nil {
			accepted++
		}
	}
	// After the first frame, after the second one's control, after itself.
	if accepted != 3 {
		t.Errorf("%d cuts of a GIF are accepted, want 3", accepted)
	}
}

func TestDecodePixels(t *testing.T) {
	t.Parallel()
	for scans, want := range map[int]int64{0: 1200, 1: 1200, 10: 1200, 31: 1200, 32: 2400, 128: 9600} {
		h := header.Header{Width: 40, Height: 30, Scans: scans}
		if got := h.DecodePixels(); got != want {
			t.Errorf("%d scans weigh %d, want %d", scans, got, want)
		}
	}
}

// TestInspectBombsAtOnce: little is read of what is refused for its number of
// parts.
func TestInspectBombsAtOnce(t *testing.T) {
	t.Parallel()
	for name, src := range map[string][]byte{
		"scans":  odd.ManyScans(1600, 1200, 2000),
		"frames": odd.ManyFrames(1_000_000),
	} {
		r := &counting{r: bytes.NewReader(src)}
		h, err := header.Inspect(t.Context(), r, int64(len(src)), header.AllFormats)
		if h != (header.Header{}) || !errors.Is(err, header.ErrTooLarge) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		if r.n > 2<<20 {
			t.Errorf("%s: %d bytes read of %d", name, r.n, len(src))
		}
	}
}

// TestTruncatedFiles looks at those of testdata, which real encoders wrote.
func TestTruncatedFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"truncated.jpg": "jpeg 480x320 o1 p1 d8", "truncated.png": "png 480x320 o1 p1 d8",
		"truncated.webp": "webp 480x320 o1 p1 d8", "truncated.gif": "gif 240x160 o1 p1 d8",
	} {
		src, err := os.ReadFile("../../testdata/odd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		h, err := inspect(src)
		if got := describe(h, nil); !errors.Is(err, header.ErrBroken) || got != want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
}
