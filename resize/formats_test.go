package resize_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]resize.Formats{
		"":                                     0,
		"jpeg,png,webp,avif,gif,tiff,heic,jxl": resize.DefaultFormats,
		"png,svg":                              resize.FormatsOf(variant.SVG, variant.PNG),
		"jpeg,png,webp,avif,gif":               resize.WrittenFormats,
		"png":                                  resize.FormatsOf(variant.PNG).With(variant.SVG).Without(variant.SVG, variant.JP2),
	} {
		if got.String() != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if resize.DefaultFormats.Has(variant.SVG) || !resize.AllFormats.Has(variant.SVG) {
		t.Error("SVG is among the defaults, or not among all")
	}
}

// What is not to be read is told by its first bytes, and no parser of ours sees it,
// also where it is damaged behind them.
func TestNotReadIsNotInspected(t *testing.T) {
	t.Parallel()
	for name, src := range samples(t) {
		f, known := resize.Sniff(src)
		if !known {
			f = variant.SVG
		}
		others := resize.AllFormats.Without(f)
		if f == variant.AVIF || f == variant.HEIC {
			others = others.Without(variant.AVIF, variant.HEIC)
		}
		for _, data := range [][]byte{src, append(slices.Clone(src[:min(len(src), 64)]), make([]byte, 100_000)...)} {
			r := &counting{r: bytes.NewReader(data)}
			_, err := resize.Inspect(t.Context(), r, int64(len(data)), others)
			if !errors.Is(err, resize.ErrNotPicture) || r.n > 4<<10 {
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
		if _, err := resize.Inspect(ctx, r, int64(len(src)), resize.AllFormats); len(src) > 64 && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type readerFunc func([]byte, int64) (int, error)

func (f readerFunc) ReadAt(b []byte, off int64) (int, error) { return f(b, off) }

// The first bytes of AVIF and HEIC may be the same: what is inside decides.
func TestHEICIsNoAVIF(t *testing.T) {
	t.Parallel()
	heic, avif := samples(t)["heic"], samples(t)["avif"]
	for _, c := range []struct {
		src     []byte
		formats resize.Formats
		want    error
	}{
		{heic, resize.FormatsOf(variant.HEIC), nil},
		{heic, resize.FormatsOf(variant.AVIF), resize.ErrNotPicture},
		{avif, resize.FormatsOf(variant.AVIF), nil},
		{avif, resize.FormatsOf(variant.HEIC), resize.ErrNotPicture},
	} {
		if _, err := resize.Inspect(t.Context(), bytes.NewReader(c.src), int64(len(c.src)), c.formats); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.formats, err, c.want)
		}
	}
}
