package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

func oddFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../testdata/odd/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestMetadataLeftOut: what is kept is what was there, and is copied only where
// something goes.
func TestMetadataLeftOut(t *testing.T) {
	t.Parallel()
	icc := odd.Chunk("iCCP", slices.Concat([]byte("p\x00\x00"), odd.Deflated(100)))
	text, usual := odd.Chunk("tEXt", []byte("Title\x00cat")), odd.Chunk("gAMA", []byte{0, 0, 0xb1, 0x8f})
	density := odd.Chunk("pHYs", make([]byte, 9))
	frame := odd.Chunk("fcTL", make([]byte, 26))
	plain := odd.PNGWith()
	end := len(plain) - 12
	for _, c := range []struct {
		name      string
		src, want []byte
		copied    bool
	}{
		{"plain", plain, plain, false},
		{"all that is needed", odd.PNGWith(usual, density), odd.PNGWith(usual, density), false},
		{"a profile", odd.PNGWith(icc), odd.PNGWith(icc), false},
		{"a profile behind what it overrules", odd.PNGWith(usual, icc), odd.PNGWith(icc), true},
		{"a text in front", odd.PNGWith(text, usual), odd.PNGWith(usual), true},
		{"a text between", odd.PNGWith(usual, text, density), odd.PNGWith(usual, density), true},
		{"a text behind", slices.Concat(plain[:end], text, plain[end:]), plain, true},
		{"a second profile", odd.PNGWith(icc, icc), odd.PNGWith(icc), true},
		{"an animation", odd.PNGWith(odd.Chunk("acTL", make([]byte, 8)), frame), plain, true},
		{"what nobody knows", odd.PNGWith(odd.Chunk("abCd", nil)), plain, true},
		{"what nobody knows but must", odd.PNGWith(odd.Chunk("ABCD", nil)), odd.PNGWith(odd.Chunk("ABCD", nil)), false},
		{"behind its end", slices.Concat(plain, text), plain, false},
		{"cut short in its pixels", plain[:end-9], plain[:end-9], false},
		{"cut short in a text", slices.Concat(plain[:end], text[:14]), plain[:end], false},
		{"nothing", plain[:8], plain[:8], false},
	} {
		got, err := Prepared(c.src, variant.PNG)
		if err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", c.name, odd.ChunkNames(got), err)
		}
		if copied := &got[0] != &c.src[0]; copied != c.copied {
			t.Errorf("%s: copied: %t", c.name, copied)
		}
	}
}

// TestProfileIsBounded, however small it is when it is packed.
func TestProfileIsBounded(t *testing.T) {
	t.Parallel()
	for n, fine := range map[int]bool{4 << 20: true, 4<<20 + 1: false, 40 << 20: false} {
		src := odd.PNGWith(odd.Chunk("iCCP", slices.Concat([]byte("p\x00\x00"), odd.Deflated(n))))
		_, err := Prepared(src, variant.PNG)
		if fine != (err == nil) || err != nil && !errors.Is(err, header.ErrTooLarge) {
			t.Errorf("%d bytes: %v, want fine: %t", n, err, fine)
		}
	}
	for _, content := range []string{"", "name", "name\x00", "name\x00\x00", "name\x00\x00damaged"} {
		src := odd.PNGWith(odd.Chunk("iCCP", []byte(content)))
		if got, err := Prepared(src, variant.PNG); err != nil || len(got) != len(src) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// FuzzWithoutMetadata: what decoded before decodes to the same, and is longer by a profile at most.
func FuzzWithoutMetadata(f *testing.F) {
	f.Add(odd.PNGWith())
	f.Add(odd.PNGWith(odd.Chunk("tEXt", []byte("Title\x00cat")), odd.Chunk("gAMA", []byte{0, 0, 1, 1})))
	f.Add(odd.PNGWith(odd.Chunk("gAMA", []byte{0, 0, 0xf5, 0x1f}))) // which becomes a profile
	f.Add(odd.PNGWith(odd.Chunk("iCCP", slices.Concat([]byte("p\x00\x00"), odd.Deflated(100)))))
	f.Add(resizetest.Oriented(resizetest.PNG(resizetest.Transparent(9, 7, color.NRGBA{})), 6))
	f.Fuzz(func(t *testing.T, src []byte) {
		config, err := png.DecodeConfig(bytes.NewReader(src))
		if err != nil || config.Width*config.Height > 1<<16 {
			return
		}
		want, wrong := png.Decode(bytes.NewReader(src))
		bare, err := Prepared(src, variant.PNG)
		if err != nil {
			if !errors.Is(err, header.ErrTooLarge) {
				t.Fatal(err)
			}
			return
		}
		if len(bare) > len(src)+1<<10 {
			t.Fatalf("%d bytes of %d", len(bare), len(src))
		}
		got, err := png.Decode(bytes.NewReader(bare))
		if wrong == nil && (err != nil || !same(got, want)) {
			t.Fatalf("%v, and it decoded before", err)
		}
	})
}

// same reports whether two pictures have the same pixels.
func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				return false
			}
		}
	}
	return true
}

// FuzzCheckPNG: whatever stands behind the signature, nothing beyond its end is
// looked at; what passes keeps passing with its checksums made anew.
func FuzzCheckPNG(f *testing.F) {
	for _, name := range []string{"1x1.png", "interlaced.png", "truncated.png"} {
		f.Add(oddFile(f, name))
	}
	f.Add([]byte("\x89PNG\r\n\x1a\n\xff\xff\xff\xffIEND\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 8 {
			return
		}
		if err := CheckPNG(b); err != nil && !errors.Is(err, header.ErrBroken) {
			t.Error(err)
		}
	})
}

func TestCheckPNG(t *testing.T) {
	t.Parallel()
	good := oddFile(t, "interlaced.png")
	if err := CheckPNG(good); err != nil {
		t.Error(err)
	}
	text := append([]byte("\x00\x00\x00\x01tEXtx"), 1, 2, 3, 4) // a wrong checksum
	if err := CheckPNG(append(append(bytes.Clone(good[:33]), text...), good[33:]...)); err != nil {
		t.Errorf("an ancillary chunk counts: %v", err)
	}
	for at := 8; at < len(good); at++ {
		b := bytes.Clone(good)
		b[at] ^= 0x10
		if err := CheckPNG(b); !errors.Is(err, header.ErrBroken) {
			t.Fatalf("a changed byte at %d: %v", at, err)
		}
	}
}

// FuzzPatchWebP: whatever is patched is a RIFF as long as it says, or shorter
// than a header.
func FuzzPatchWebP(f *testing.F) {
	for _, name := range []string{"truncated.webp", "animated.webp", "alpha.webp", "lossless.webp"} {
		b := oddFile(f, name)
		f.Add(b[:len(b)*2/3])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out := PatchWebP(b)
		if len(out) >= 12 && int(binary.LittleEndian.Uint32(out[4:]))+8 != len(out) {
			t.Errorf("%d bytes say that they are %d", len(out), binary.LittleEndian.Uint32(out[4:])+8)
		}
	})
}

// FuzzStripWebP: what comes out is a RIFF as long as it says, with nothing in it
// that was to go.
func FuzzStripWebP(f *testing.F) {
	for _, name := range []string{"alpha.webp", "exif.webp", "lossless.webp", "counter.webp"} {
		f.Add(oddFile(f, name))
	}
	f.Add([]byte("RIFF\x04\x00\x00\x00WEBP"))
	f.Add([]byte("RIFF\x0c\x00\x00\x00WEBPVP8X\x00\x00\x00\x00"))
	f.Add([]byte("RIFF\x28\x00\x00\x00WEBP" + strings.Repeat("VP8X\x0a\x00\x00\x00"+strings.Repeat("\x00", 10), 2)))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := StripWebP(bytes.Clone(b))
		if err != nil {
			return
		}
		if len(out) > len(b) || len(out) < 12 {
			t.Fatalf("%d bytes of %d", len(out), len(b))
		}
		again, err := StripWebP(bytes.Clone(out))
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("done twice, it differs: %v", err)
		}
	})
}

// TestTransparentGIFCutShort: frames before the end of a GIF that is cut short are as
// transparent as those of a whole one.
func TestTransparentGIFCutShort(t *testing.T) {
	t.Parallel()
	head := []byte("GIF89a\x09\x00\x09\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff")
	frame := []byte("\x2c\x01\x00\x01\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00")
	whole := slices.Concat(head, frame)
	want := slices.Concat(whole, []byte(transparentFrame))
	for name, rest := range map[string][]byte{
		"at the end": nil, "in an extension": []byte("\x21\xfe\x09a"), "in a control": []byte("\x21\xf9\x04"), "in a frame": frame[:12],
	} {
		if got := TransparentGIF(slices.Concat(whole, rest)); !bytes.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if first := slices.Concat(head, frame[:12]); !bytes.Equal(TransparentGIF(first), first) {
		t.Error("a GIF without a whole frame has changed")
	}
}

// FuzzTransparentGIF: no frame is lost or moved, and at most one is added.
func FuzzTransparentGIF(f *testing.F) {
	for _, name := range []string{"counter.gif", "animated.gif", "one-frame.gif"} {
		f.Add(oddFile(f, name))
	}
	f.Add([]byte("GIF89a\x09\x00\x09\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" +
		"\x21\xf9\x04\x08\x00\x00\x00\x00\x2c\x01\x00\x01\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00" +
		"\x2c\x03\x00\x03\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;"))
	f.Fuzz(func(t *testing.T, src []byte) {
		before := bytes.Clone(src)
		out := TransparentGIF(src)
		if !bytes.Equal(src, before) {
			t.Fatal("its source has changed")
		}
		was, is := gifFrames(src), gifFrames(out)
		if len(is) < len(was) || len(is) > len(was)+1 {
			t.Fatalf("%d frames became %d", len(was), len(is))
		}
		for i, a := range was {
			if b := is[i]; a.Place != b.Place || !bytes.Equal(src[a.Data:a.End], out[b.Data:b.End]) {
				t.Fatalf("frame %d: %+v became %+v", i, a, b)
			}
		}
	})
}
