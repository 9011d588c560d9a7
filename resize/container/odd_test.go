package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// TestPlainSVG: only the root element changes, and its size only where libvips would take
// another one.
func TestPlainSVG(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`<svg/>`:                        `<svg width="300" height="150" font-size="16"/>`,
		`<svg width="50%" a="b"></svg>`: `<svg width="300" height="150" font-size="16" data-width="50%" a="b"></svg>`,
		`<?xml version="1.0"?><!-- <svg> --><n:svg height='9'><svg width="1"/></n:svg>`: `<?xml version="1.0"?><!-- <svg> --><n:svg width="300" height="9" font-size="16" data-height='9'><svg width="1"/></n:svg>`,
		`<svg width="4" height="3"/>`:                          `<svg font-size="16" width="4" height="3"/>`,
		`<svg width="4" height="3" font-size="9"/>`:            "",
		`<svg width="4" height="3" style="font:9px serif"/>`:   "",
		`<svg viewBox="0 0 4 3"/>`:                             `<svg font-size="16" viewBox="0 0 4 3"/>`,
		`<svg style="width:4px; height:3px"/>`:                 `<svg font-size="16" style="width:4px; height:3px"/>`,
		`<svg font-size="8pt" width="3in" viewBox="0 0 4 3"/>`: `<svg width="288" height="216" font-size="8pt" data-width="3in" viewBox="0 0 4 3"/>`,
		`<svg font-size="1e999" width="3in" height="2"/>`:      `<svg width="288" height="2" font-size="1e999" data-width="3in" data-height="2"/>`,
		`<svg font-size="8" viewBox="0 0 .5 2"/>`:              `<svg width="1" height="4" font-size="8" viewBox="0 0 .5 2"/>`,
		"\xff\xfe<\x00s\x00v\x00g\x00/\x00>\x00":               `<svg width="300" height="150" font-size="16"/>`,
		"\x00<\x00s\x00v\x00g\x00/\x00>":                       `<svg width="300" height="150" font-size="16"/>`,
		"\xfe\xff\xd8\x3d\xde\x00":                             "\U0001f600",
		"\n\n<?xml version='1.0'?><svg width='4' height='3'/>": `<?xml version='1.0'?><svg font-size="16" width='4' height='3'/>`,
		`<svg width="4`:                   "",
		`<svg x:width="4" x:height="3"/>`: `<svg width="300" height="150" font-size="16" x:width="4" x:height="3"/>`,
	} {
		if want == "" {
			want = src
		}
		if got, err := Prepared([]byte(src), variant.SVG); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", src, got, err, want)
		}
	}
	for src, want := range map[string]error{
		`<html/>`:                            header.ErrNotPicture,
		`<svg width="10000001" height="3"/>`: header.ErrTooLarge,
	} {
		if _, err := Prepared([]byte(src), variant.SVG); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", src, err, want)
		}
	}
}

// jp2Box is a box of a JPEG 2000.
func jp2Box(kind string, content ...[]byte) []byte {
	b := slices.Concat(content...)
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(b))), []byte(kind), b)
}

// TestPalettes of a JPEG 2000 are found where a decoder finds them.
func TestPalettes(t *testing.T) {
	t.Parallel()
	size, palette := jp2Box("ihdr", make([]byte, 14)), jp2Box("pclr", make([]byte, 20))
	long := slices.Concat([]byte{0, 0, 0, 1}, []byte("jp2h"), binary.BigEndian.AppendUint64(nil, uint64(16+len(size)+len(palette))), size, palette)
	for name, c := range map[string]struct {
		src  []byte
		want error
	}{
		"none":              {slices.Concat(jp2Box("jP  "), jp2Box("jp2h", size), jp2Box("jp2c", palette)), nil},
		"first":             {slices.Concat(jp2Box("jP  "), jp2Box("jp2h", palette, size)), header.ErrNotPicture},
		"last":              {slices.Concat(jp2Box("jP  "), jp2Box("jp2h", size, palette), jp2Box("jp2c")), header.ErrNotPicture},
		"of a long length":  {slices.Concat(jp2Box("jP  "), long, jp2Box("jp2c")), header.ErrNotPicture},
		"in a second head":  {slices.Concat(jp2Box("jp2h", size), jp2Box("jp2h", palette)), header.ErrNotPicture},
		"a bare codestream": {[]byte("\xff\x4f\xff\x51pclr"), nil},
	} {
		if _, err := Prepared(c.src, variant.JP2); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// entry is one of a TIFF directory.
func entry(tag, kind, count int, value ...byte) []byte {
	b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, uint16(tag)), uint16(kind))
	return append(binary.BigEndian.AppendUint32(b, uint32(count)), append(value, 0, 0, 0, 0)[:4]...)
}

// tiffWith has one grey page of 8 bits, with these entries besides, of which the last
// may stand for one of those.
func tiffWith(entries ...[]byte) []byte {
	entries = append(entries, entry(tagBits, 3, 1, 0, 8), entry(tagPhotometric, 3, 1, 0, photometricBlack))
	return slices.Concat([]byte("MM\x00*\x00\x00\x00\x08\x00"), []byte{byte(len(entries))}, slices.Concat(entries...), make([]byte, 4))
}

// TestCheckTIFF: numbers are read as they are written down, and those that are not known
// are not passed over. What samples mean is tested with the engine.
func TestCheckTIFF(t *testing.T) {
	t.Parallel()
	const byteKind, short, long, long8 = 1, 3, 4, 16
	aperio := []byte{0x80, 0xeb} // 33003
	for name, c := range map[string]struct {
		src  []byte
		want error
	}{
		"plain":                   {tiffWith(), nil},
		"a byte":                  {tiffWith(entry(tagCompression, byteKind, 1, 5)), nil},
		"a long":                  {tiffWith(entry(tagCompression, long, 1, 0, 0, 0, 5)), nil},
		"JPEG 2000":               {tiffWith(entry(tagCompression, short, 1, aperio...)), header.ErrNotPicture},
		"JPEG 2000, as a long":    {tiffWith(entry(tagCompression, long, 1, 0, 0, 0x80, 0xeb)), header.ErrNotPicture},
		"as a long long":          {tiffWith(entry(tagCompression, long8, 1, 0, 0, 0, 8)), header.ErrNotPicture},
		"nowhere":                 {tiffWith(entry(tagCompression, short, 3, 0, 1, 0, 0)), header.ErrBroken},
		"no number":               {tiffWith(entry(tagCompression, short, 0)), header.ErrNotPicture},
		"the first of two counts": {tiffWith(entry(tagCompression, short, 1, 0, 1), entry(tagCompression, short, 1, aperio...)), nil},
		"elsewhere":               {append(tiffWith(entry(tagSampleFormat, short, 3, 0, 0, 0, 8+2+3*12+4)), 0, 1, 0, 1, 0, 1), nil},
		"elsewhere, a float":      {append(tiffWith(entry(tagSampleFormat, short, 3, 0, 0, 0, 8+2+3*12+4)), 0, 1, 0, 1, 0, 3), header.ErrNotPicture},
		"as many as can be":       {tiffWith(entry(tagExtraSamples, long, -1, 0, 0, 0, 8)), header.ErrBroken},
		"cut in its entries":      {tiffWith()[:30], header.ErrBroken},
		"a directory beyond":      {[]byte("MM\x00*\xff\xff\xff\xff\x00\x00"), header.ErrBroken},
		"nothing":                 {[]byte("MM\x00*"), header.ErrBroken},
		"no link behind its end":  {bytes.TrimSuffix(tiffWith(), make([]byte, 4)), nil},
	} {
		for page := range 3 {
			if err := CheckTIFF(c.src, page); !errors.Is(err, c.want) {
				t.Errorf("%s, page %d: %v, want %v", name, page, err, c.want)
			}
		}
	}
	second := tiffWith(entry(tagCompression, short, 1, aperio...))[8:]
	two := slices.Concat(tiffWith(), second)
	binary.BigEndian.PutUint32(two[len(two)-len(second)-4:], uint32(len(two)-len(second)))
	for page, want := range map[int]error{1: nil, 2: header.ErrNotPicture, 3: header.ErrNotPicture} {
		if err := CheckTIFF(two, page); !errors.Is(err, want) {
			t.Errorf("page %d of two: %v, want %v", page, err, want)
		}
	}
}

// FuzzPrepared: whatever is in a file, it is prepared or refused, and not changed twice.
func FuzzPrepared(f *testing.F) {
	for i, s := range []string{`<svg width="50%"/>`, `<?xml version="1.0"?><svg viewBox="0 0 4 3"/>`, string(jp2Box("jp2h", jp2Box("pclr"))), string(tiffWith())} {
		f.Add([]byte(s), byte(i))
	}
	for _, name := range []string{"orientation-6.heic", "orientation-4.avif", "exif.avif"} {
		f.Add(oddFile(f, name), byte(5))
	}
	formats := []variant.Format{variant.SVG, variant.SVG, variant.JP2, variant.TIFF, variant.JXL, variant.HEIC}
	f.Fuzz(func(t *testing.T, src []byte, n byte) {
		format := formats[int(n)%len(formats)]
		before := strings.Clone(string(src))
		once, err := Prepared(src, format)
		if err == nil {
			again, err := Prepared(once, format)
			if err != nil || !bytes.Equal(again, once) {
				t.Errorf("%q becomes %q, and then %q, %v", src, once, again, err)
			}
		}
		if err := CheckTIFF(src, int(n)); err != nil && !errors.Is(err, header.ErrNotPicture) && !errors.Is(err, header.ErrBroken) {
			t.Error(err)
		}
		if string(src) != before {
			t.Error("it was changed")
		}
	})
}
