package header_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]header.Formats{
		"":                                     0,
		"jpeg,png,webp,avif,gif,tiff,heic,jxl": header.DefaultFormats,
		"png,svg":                              header.FormatsOf(variant.SVG, variant.PNG),
		"jpeg,png,webp,avif,gif":               resize.WrittenFormats,
		"png":                                  header.FormatsOf(variant.PNG).With(variant.SVG).Without(variant.SVG, variant.JP2),
	} {
		if got.String() != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if header.DefaultFormats.Has(variant.SVG) || !header.AllFormats.Has(variant.SVG) {
		t.Error("SVG is among the defaults, or not among all")
	}
}

// What is not to be read is told by its first bytes, and no parser of ours sees it,
// also where it is damaged behind them.
func TestNotReadIsNotInspected(t *testing.T) {
	t.Parallel()
	for name, src := range samples(t) {
		f, known := header.Sniff(src)
		if !known {
			f = variant.SVG
		}
		others := header.AllFormats.Without(f)
		if f == variant.AVIF || f == variant.HEIC {
			others = others.Without(variant.AVIF, variant.HEIC)
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
	svg, jp2, pdf := samples(t)["svg"], samples(t)["jp2"], samples(t)["pdf"]
	for _, src := range [][]byte{svg, jp2, pdf} {
		for _, front := range []string{
			"", " ", "\n\r\t ", strings.Repeat("\n", 80), "\xef\xbb\xbf", "\xef\xbb\xbf \n", "\x00", "\xff\xfe", "<?xml version='1.0'?>", "<!-- -->", "<!DOCTYPE svg>",
			strings.Repeat("<!-- -->", 1000), "%", "GIF8", "BM",
		} {
			b := append([]byte(front), src...)
			r := &counting{r: bytes.NewReader(b)}
			if _, err := header.Inspect(t.Context(), r, int64(len(b)), header.DefaultFormats); !errors.Is(err, header.ErrNotPicture) || r.n > 4<<10 {
				t.Errorf("%.8q behind %.20q: %v, %d bytes read", src, front, err, r.n)
			}
			if _, err := header.Identify(b[:min(len(b), 64)], header.DefaultFormats); !errors.Is(err, header.ErrNotPicture) {
				t.Errorf("%.8q behind %.20q: %v", src, front, err)
			}
		}
	}
}

// JPEG 2000 within TIFF is refused, whatever is read, on whichever page it is and
// however it is written down; and other compressions are not.
func TestJPEG2000InTIFF(t *testing.T) {
	t.Parallel()
	compression := func(kind, count, value int) []byte {
		return slices.Concat([]byte{1, 3, 0, byte(kind)}, be32(count, value))
	}
	const short, long, long8 = 3, 4, 16
	many := slices.Repeat([][]byte{entry(0x9000, 1)}, 4000)
	for name, c := range map[string]struct {
		src  []byte
		want error
	}{
		"none":                {tiffWith(), nil},
		"not compressed":      {tiffWith(entry(0x103, 1)), nil},
		"JPEG":                {tiffWith(entry(0x103, 7)), nil},
		"WebP":                {tiffWith(entry(0x103, 50001)), nil},
		"a long":              {tiffWith(compression(long, 1, 5)), nil},
		"Aperio":              {tiffWith(entry(0x103, 33003)), header.ErrNotPicture},
		"Aperio, lossy":       {tiffWith(entry(0x103, 33004)), header.ErrNotPicture},
		"Aperio, RGB":         {tiffWith(entry(0x103, 33005)), header.ErrNotPicture},
		"LEADTOOLS":           {tiffWith(entry(0x103, 34712)), header.ErrNotPicture},
		"as a long":           {tiffWith(compression(long, 1, 33005)), header.ErrNotPicture},
		"as several longs":    {append(tiffWith(compression(long, 3, 50)), be32(33003, 33003, 33003)...), header.ErrNotPicture},
		"as a long long":      {append(tiffWith(compression(long8, 1, 50)), be32(0, 33003)...), header.ErrNotPicture},
		"for each sample":     {append(tiffWith(compression(short, 3, 50)), 0x80, 0xeb, 0x80, 0xeb, 0x80, 0xeb), header.ErrNotPicture},
		"as a float":          {tiffWith(compression(11, 1, 0x47012000)), header.ErrNotPicture},
		"nowhere":             {tiffWith(compression(short, 3, 1<<20)), header.ErrNotPicture},
		"a second entry":      {tiffWith(entry(0x103, 1), entry(0x103, 33003)), header.ErrNotPicture},
		"behind many entries": {tiffMany(append(many, entry(0x103, 33003))...), header.ErrNotPicture},
		"beyond what is read": {tiffMany(append(slices.Concat(many, many), entry(0x103, 33003))...), header.ErrBroken},
		"the second page":     {tiffPages(1, 33005), header.ErrNotPicture},
		"the last page":       {tiffPages(1, 7, 5, 33003), header.ErrNotPicture},
		"no page":             {tiffPages(1, 7, 5), nil},
	} {
		for page := range 5 {
			_, err := header.InspectPage(t.Context(), bytes.NewReader(c.src), int64(len(c.src)), header.AllFormats, page)
			if !errors.Is(err, c.want) {
				t.Errorf("%s, page %d: %v, want %v", name, page, err, c.want)
			}
		}
	}
}

// tiffMany is tiffWith for more than 255 entries.
func tiffMany(entries ...[]byte) []byte {
	entries = slices.Insert(entries, 0, entry(0x100, 40), entry(0x101, 30))
	b := append([]byte("MM\x00*\x00\x00\x00\x08"), byte(len(entries)>>8), byte(len(entries)))
	return append(append(b, slices.Concat(entries...)...), 0, 0, 0, 0)
}

// tiffPages has a page of each of these compressions.
func tiffPages(compressions ...int) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08")
	for i, c := range compressions {
		b = append(b, 0, 3)
		b = append(b, slices.Concat(entry(0x100, 40), entry(0x101, 30), entry(0x103, c))...)
		next := len(b) + 4
		if i == len(compressions)-1 {
			next = 0
		}
		b = append(b, be32(next)...)
	}
	return b
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
