package vips

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/container"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// TestTextsStayOutside: libpng unpacks texts, each to 8 million bytes.
func TestTextsStayOutside(t *testing.T) {
	t.Parallel()
	text := odd.Deflated(7_900_000)
	many := make([][]byte, 50)
	for i := range many {
		many[i] = odd.Chunk("zTXt", slices.Concat([]byte("Comment\x00\x00"), text))
	}
	many = append(many, odd.Chunk("iTXt", slices.Concat([]byte("Comment\x00\x01\x00\x00\x00"), text)),
		odd.Chunk("tEXt", []byte("Title\x00cat")), odd.Chunk("eXIf", []byte("II*\x00\x08\x00\x00\x00\x00\x00")))
	plain := resizetest.PNG(resizetest.Quarters(40, 30))
	src := slices.Concat(plain[:33], slices.Concat(many...), plain[33:])
	before := bytes.Clone(src)
	got, err := container.Prepared(src, variant.PNG)
	if err != nil || strings.Join(odd.ChunkNames(got), " ") != "IHDR IDAT IEND" {
		t.Errorf("%v, %v: that is what libvips sees", odd.ChunkNames(got), err)
	}
	if !bytes.Equal(src, before) {
		t.Error("the original was changed")
	}
	e := defaultEngine(t)
	want, _ := makeOf(t, e, plain, "20x,f_png")
	if out, _ := makeOf(t, e, src, "20x,f_png"); !bytes.Equal(out, want) {
		t.Error("another picture came of it")
	}
}

// TestBoxesLeftOut: a box brob is unpacked by newer versions of libvips.
func TestBoxesLeftOut(t *testing.T) {
	t.Parallel()
	scene, err := os.ReadFile("../../testdata/odd/scene.jxl")
	if err != nil {
		t.Fatal(err)
	}
	if scene[0] != 0xff {
		t.Fatal("the sample is no bare codestream")
	}
	box := func(kind string, content ...byte) []byte {
		return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(content))), kind...), content...)
	}
	long := func(kind string, content []byte) []byte {
		b := append([]byte{0, 0, 0, 1}, kind...)
		return append(binary.BigEndian.AppendUint64(b, uint64(16+len(content))), content...)
	}
	head := slices.Concat(box("JXL ", 0x0d, 0x0a, 0x87, 0x0a), box("ftyp", []byte("jxl \x00\x00\x00\x00jxl ")...))
	brob := box("brob", []byte("xml 1234")...)
	open := func(kind string, content []byte) []byte {
		return slices.Concat([]byte{0, 0, 0, 0}, []byte(kind), content)
	}
	for _, c := range []struct {
		name      string
		src, want []byte
	}{
		{"bare", scene, scene},
		{"plain", slices.Concat(head, long("jxlc", scene)), slices.Concat(head, long("jxlc", scene))},
		{"metadata in front", slices.Concat(head, brob, box("Exif", 1), box("jxlc", scene...)), slices.Concat(head, box("jxlc", scene...))},
		{"metadata behind", slices.Concat(head, box("jxlc", scene...), brob), slices.Concat(head, box("jxlc", scene...))},
		{"to the end", slices.Concat(head, brob, open("jxlc", scene)), slices.Concat(head, open("jxlc", scene))},
		{"metadata to the end", slices.Concat(head, box("jxlc", scene...), open("brob", []byte("xml 1"))), slices.Concat(head, box("jxlc", scene...))},
		{"shorter than its head", slices.Concat(head, long("brob", nil)[:8], make([]byte, 8)), head},
	} {
		if got, err := container.Prepared(c.src, variant.JXL); err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: %d bytes of %d, want %d; %v", c.name, len(got), len(c.src), len(c.want), err)
		}
	}
	e := defaultEngine(t)
	want, _ := makeOf(t, e, scene, "40x,f_png")
	if out, _ := makeOf(t, e, slices.Concat(head, brob, box("jxlc", scene...)), "40x,f_png"); !bytes.Equal(out, want) {
		t.Error("another picture came of it")
	}
}

// floats is a black JPEG XL of 40x30 with three floats for each pixel.
const floats = "ff0ae8307209458b01d40093610900800a9551c60d5ecef57cf9a1c362dac675" +
	"86b6dab6b084b1d95e18242414126203000000000000006258110600002a4900"

// TestHeaderBindsPixels: a decoder that gives more bytes for each pixel than were
// admitted is not let begin.
func TestHeaderBindsPixels(t *testing.T) {
	t.Parallel()
	src, err := hex.DecodeString(floats)
	if err != nil {
		t.Fatal(err)
	}
	e := defaultEngine(t)
	h, p := plan(t, e, src, "20x,f_png")
	if h.Samples != 3 || h.Depth != 32 {
		t.Errorf("%+v", h)
	}
	for depth, want := range map[int]error{32: nil, 8: header.ErrBroken} {
		h.Depth = depth
		if _, err := e.Resize(t.Context(), resize.InMemory(src), h, p); !errors.Is(err, want) {
			t.Errorf("said to have %d bits: %v, want %v", depth, err, want)
		}
	}
}
