package icc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// inspected is a picture of testdata and its header.
func inspected(t testing.TB, name string) ([]byte, header.Header) {
	t.Helper()
	src, err := os.ReadFile("../../testdata/odd/" + name)
	if err != nil {
		t.Fatal(err)
	}
	h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return src, h
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"p3.jpg": "Display P3", "adobe-rgb.jpg": "Adobe RGB (1998)", "cmyk-icc.jpg": "Own inks",
		"gray-linear.jpg": "Linear grey", "swapped.png": "Swapped channels", "16bit-p3.png": "Display P3",
		"bad-icc.jpg": "", "gray.jpg": "", "alpha.png": "", "lossless.webp": "", "iccp-bomb.png": "",
	} {
		src, h := inspected(t, name)
		profile, err := Read(bytes.NewReader(src), h)
		if got := Name(profile); err != nil || got != want || len(profile) > MaxBytes {
			t.Errorf("%s: %q in %d bytes, %v, want %q", name, got, len(profile), err, want)
		}
		if h.ICC != (len(profile) > 0) && name != "bad-icc.jpg" {
			t.Errorf("%s: %d bytes, and the header says %t", name, len(profile), h.ICC)
		}
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	for _, f := range []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF} {
		h := header.Header{Format: f, ICC: true, Profile: header.Extent{Off: 20, Len: 100}}
		if _, err := Read(failing{gone}, h); !errors.Is(err, gone) {
			t.Errorf("%v: %v", f, err)
		}
		if _, err := Read(bytes.NewReader(nil), h); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v, cut: %v", f, err)
		}
		if profile, err := Read(failing{gone}, header.Header{Format: f}); profile != nil || err != nil {
			t.Errorf("%v, without one: %d bytes, %v", f, len(profile), err)
		}
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestName(t *testing.T) {
	t.Parallel()
	profile := func(desc string) []byte {
		b := make([]byte, 128)
		copy(b[36:], "acsp")
		b = append(b, "\x00\x00\x00\x01desc\x00\x00\x00\x90"...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(desc)))
		return append(b, desc...)
	}
	for desc, want := range map[string]string{
		"desc\x00\x00\x00\x00\x00\x00\x00\x05sRGB\x00": "sRGB",
		"desc\x00\x00\x00\x00\xff\xff\xff\xffsRGB":     "sRGB",
		"desc\x00\x00\x00\x00\x00\x00\x00\x00":         "",
		"text\x00\x00\x00\x00\x00\x00\x00\x05sRGB\x00": "",
		"mluc\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x0cdeDE\x00\x00\x00\x04\x00\x00\x00\x28enUS\x00\x00\x00\x02\x00\x00\x00\x2c\x00F\x00r\x00E": "E",
		"mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cdeDE\x00\x00\x00\x04\x00\x00\x00\x1c\x00F\x00r":                                          "Fr",
		"mluc\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x0c":                                                                                        "",
		"mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cdeDE\xff\xff\xff\xff\xff\xff\xff\xff":                                                    "",
	} {
		if got := Name(profile(desc)); got != want {
			t.Errorf("%q: %q, want %q", desc, got, want)
		}
	}
	if got := Name([]byte("short")); got != "" {
		t.Errorf("%q", got)
	}
}

// FuzzRead: whatever a header says of whatever bytes, what is read is bounded.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"p3.jpg", "swapped.png", "alpha.webp", "scene.avif", "scene.heic", "cmyk-icc.jpg"} {
		src, h := inspected(f, name)
		f.Add(src, uint8(h.Format), h.Profile.Off, h.Profile.Len)
	}
	f.Fuzz(func(t *testing.T, src []byte, format uint8, off, n int64) {
		size := int64(len(src))
		off = max(0, min(off, size))
		h := header.Header{Format: variant.Format(format), Profile: header.Extent{Off: off, Len: max(0, min(n, size-off))}}
		profile, err := Read(bytes.NewReader(src), h)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || len(profile) > MaxBytes {
			t.Errorf("%d bytes, %v", len(profile), err)
		}
		for _, b := range [][]byte{profile, src} {
			if name := Name(b); len(name) > 3*maxName {
				t.Errorf("a name of %d bytes", len(name))
			}
			if curve := Light(b); curve != nil {
				curve(0.5)
			}
			if IsSRGB(b) && len(b) < 132+6*12 {
				t.Errorf("%d bytes are sRGB", len(b))
			}
		}
	})
}
