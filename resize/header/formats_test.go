package header_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]header.Formats{
		"": 0,
		"jpeg,png,webp,avif,gif,tiff,heic,svg,jxl": header.DefaultFormats,
		"png,svg":                    header.FormatsOf(variant.SVG, variant.PNG),
		"jpeg,png,webp,avif,gif,jxl": resize.WrittenFormats,
		"png":                        header.FormatsOf(variant.PNG).With(variant.SVG).Without(variant.SVG, variant.JP2),
	} {
		if got.String() != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// What is not to be read, or is to be probed, is told by its first bytes, and no parser of
// ours sees it, also where it is damaged behind them.
func TestNotReadIsNotInspected(t *testing.T) {
	t.Parallel()
	all := probed()
	maps.Copy(all, samples(t))
	for name, src := range all {
		f, known := header.Sniff(src)
		if !known {
			t.Errorf("%s is not recognised", name)
		}
		others := header.AllFormats.Without(f)
		if f == variant.AVIF || f == variant.HEIC {
			others = others.Without(variant.AVIF, variant.HEIC)
		}
		if header.Probed.Has(f) {
			others = header.AllFormats
		}
		for _, data := range [][]byte{src, append(slices.Clone(src[:min(len(src), 64)]), make([]byte, 100_000)...)} {
			r := &counting{r: bytes.NewReader(data)}
			_, err := header.Inspect(t.Context(), r, int64(len(data)), others)
			if !errors.Is(err, header.ErrNotPicture) || r.n > 4<<10 {
				t.Errorf("%s: %v after %d bytes were read", name, err, r.n)
			}
		}
	}
}

func TestInspectEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, src := range samples(t) {
		ctx, cancel := context.WithCancel(t.Context())
		r := readerFunc(func(b []byte, off int64) (int, error) {
			cancel() // and what is read now is the last
			return bytes.NewReader(src).ReadAt(b[:min(len(b), 64)], off)
		})
		if _, err := header.Inspect(ctx, r, int64(len(src)), header.AllFormats); len(src) > 64 && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type readerFunc func([]byte, int64) (int, error)

func (f readerFunc) ReadAt(b []byte, off int64) (int, error) { return f(b, off) }

// A file in a format that is not read is refused in every disguise.
func TestDisguisedIsNotRead(t *testing.T) {
	t.Parallel()
	formats := header.DefaultFormats.Without(variant.SVG)
	for _, src := range []string{`<svg xmlns="http://www.w3.org/2000/svg"/>`, "\x00\x00\x00\x0cjP  \r\n\x87\n", "%PDF-1.7"} {
		for _, front := range []string{
			"", " ", "\n\r\t ", strings.Repeat("\n", 80), "\xef\xbb\xbf", "\xef\xbb\xbf \n", "\x00", "\xff\xfe", "<?xml version='1.0'?>", "<!-- -->", "<!DOCTYPE svg>",
			strings.Repeat("<!-- -->", 1000), "%", "GIF8", "BM",
		} {
			b := []byte(front + src)
			r := &counting{r: bytes.NewReader(b)}
			if _, err := header.Inspect(t.Context(), r, int64(len(b)), formats); !errors.Is(err, header.ErrNotPicture) || r.n > 4<<10 {
				t.Errorf("%.8q behind %.20q: %v, %d bytes read", src, front, err, r.n)
			}
			if _, err := header.Identify(b[:min(len(b), 64)], formats); !errors.Is(err, header.ErrNotPicture) {
				t.Errorf("%.8q behind %.20q: %v", src, front, err)
			}
		}
	}
}

// TestIdentify: an SVG may begin with much that is none, and HTML with an SVG in it is none.
func TestIdentify(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]variant.Format{
		strings.Repeat("\n", 80):                     variant.SVG, // what follows is for a decoder to say
		strings.Repeat("\n", 63):                     0,
		"<?xml version='1.0'?><!-- made by hand -->": variant.SVG,
		"<!DOCTYPE  svg PUBLIC":                      variant.SVG,
		"\xff\xfe<\x00?\x00x\x00m\x00l\x00":          variant.SVG,
		"<html><svg>":                                0,
		"<!DOCTYPE html><svg>":                       0,
		"<svgx":                                      variant.SVG,
		"<a:b:svg":                                   0,
		"<é:svg":                                     variant.SVG,
		"<?php echo":                                 variant.SVG, // another root element
		"<!DOCTYPE a:svg>":                           variant.SVG,
		"<\x00?\x00x\x00m\x00l\x00":                  variant.SVG,
		"\x00<\x00s\x00v\x00g":                       variant.SVG,
		"\xff\xfe\x00\x00" + strings.Repeat("<\x00\x00\x00", 20): 0, // UTF-32
		"II*\x00": variant.TIFF,
	} {
		if f, err := header.Identify([]byte(head), header.AllFormats); f != want || (err == nil) != (want != 0) {
			t.Errorf("%q is %v, %v, want %v", head, f, err, want)
		}
	}
}

// TestSniffSVG: the root element of an SVG is found behind what may stand before it, and not
// within another document.
func TestSniffSVG(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		strings.Repeat("\n", 80) + "<svg/>": true,
		"<?xml version='1.0'?>\n<!-- Generator: <svg> " + strings.Repeat("x", 300) + " -->\n<ns0:svg xmlns:ns0='x'>":     true,
		"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' [<!ENTITY a '<x>'>]><svg>":                                       true,
		"<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN'><html><body><svg/></body></html>": false,
		"<!-- <svg> --><html>": false,
		"<svgx>":               false,
		"<!--" + strings.Repeat("x", 5000) + "--><svg/>": false, // too far behind
	} {
		if f, ok := header.Sniff([]byte(text)); ok != want || ok && f != variant.SVG {
			t.Errorf("%.60q: %v, %v", text, f, ok)
		}
		wide := utf16.Encode([]rune(text))
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			b := order.AppendUint16(nil, 0xfeff)
			for _, c := range wide {
				b = order.AppendUint16(b, c)
			}
			if _, ok := header.Sniff(b); ok != want {
				t.Errorf("%.60q in UTF-16: %v", text, ok)
			}
		}
	}
}

// The first bytes of AVIF and HEIC may be the same: what is inside decides.
func TestHEICIsNoAVIF(t *testing.T) {
	t.Parallel()
	heic, avif := samples(t)["heic"], samples(t)["avif"]
	for _, c := range []struct {
		src     []byte
		formats header.Formats
		want    error
	}{
		{heic, header.FormatsOf(variant.HEIC), nil},
		{heic, header.FormatsOf(variant.AVIF), header.ErrNotPicture},
		{avif, header.FormatsOf(variant.AVIF), nil},
		{avif, header.FormatsOf(variant.HEIC), header.ErrNotPicture},
	} {
		if _, err := header.Inspect(t.Context(), bytes.NewReader(c.src), int64(len(c.src)), c.formats); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.formats, err, c.want)
		}
	}
}
