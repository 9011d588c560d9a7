package header_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
)

var alphaURN = boxOf("auxC", be32(0), []byte("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00"))

// heifTile is a picture of 40x30 that is a grid of one tile, item 2, with a property,
// number 2, and besides an alpha channel of that tile if alpha is set.
func heifTile(property []byte, alpha bool) []byte {
	coded := av1(40, 30)
	refs := [][]byte{be32(0), boxOf("dimg", []byte{0, 1, 0, 1, 0, 2})}
	if alpha {
		refs = append(refs, boxOf("auxl", []byte{0, 3, 0, 1, 0, 2}))
	}
	iinf := boxOf("iinf", be32(0), []byte{0, 3}, infe(1, "grid"), infe(2, "av01"), infe(3, "av01"))
	ipma := boxOf("ipma", be32(0, 3), []byte{0, 1, 1, 1, 0, 2, 2, 1, 2, 0, 3, 2, 1, 3})
	grid := []byte{0, 0, 0, 0, 0, 40, 0, 30}
	ftyp := boxOf("ftyp", []byte("avif"), be32(0))
	meta := func(mdat int) []byte {
		iloc := slices.Concat(be32(1<<24), []byte{0x44, 0, 0, 3}, []byte{0, 1, 0, 1, 0, 0, 0, 1}, be32(0, len(grid)))
		for id := byte(2); id <= 3; id++ {
			iloc = slices.Concat(iloc, []byte{0, id, 0, 0, 0, 0, 0, 1}, be32(mdat, len(coded)))
		}
		return boxOf("meta", be32(0), boxOf("pitm", be32(0), []byte{0, 1}), iinf, boxOf("idat", grid), boxOf("iloc", iloc),
			boxOf("iprp", boxOf("ipco", boxOf("ispe", be32(0, 40, 30)), property, alphaURN), ipma), boxOf("iref", refs...))
	}
	at := len(ftyp) + len(meta(0)) + 8
	return slices.Concat(ftyp, meta(at), boxOf("mdat", coded))
}

func nclx(primaries, transfer, matrix, full byte) []byte {
	return boxOf("colr", []byte("nclx"), []byte{0, primaries, 0, transfer, 0, matrix, full})
}

// TestInspectTransforms: every combination of turning and mirroring is one of EXIF's
// orientations, cutting is kept apart, and what decoders would get wrong is refused.
func TestInspectTransforms(t *testing.T) {
	t.Parallel()
	irot := func(n byte) []byte { return boxOf("irot", []byte{n}) }
	imir := func(n byte) []byte { return boxOf("imir", []byte{n}) }
	clap := func(n ...int) []byte { return boxOf("clap", be32(n...)) }
	of := func(own ...[]byte) []byte { return heifOf("avif", "av1C", 40, 30, true, own...) }
	whole := header.Whole{Width: 40, Height: 30}
	for _, c := range []struct {
		name        string
		src         []byte
		orientation int
		w, h        int
		whole       header.Whole
		err         error
	}{
		{"plain", of(), 1, 40, 30, header.Whole{}, nil},
		{"turned by nothing", of(irot(0)), 1, 40, 30, header.Whole{}, nil},
		{"a quarter to the left", of(irot(1)), 8, 40, 30, header.Whole{}, nil},
		{"half", of(irot(2)), 3, 40, 30, header.Whole{}, nil},
		{"a quarter to the right", of(irot(3)), 6, 40, 30, header.Whole{}, nil},
		{"top and bottom", of(imir(0)), 4, 40, 30, header.Whole{}, nil},
		{"left and right", of(imir(1)), 2, 40, 30, header.Whole{}, nil},
		{"turned and mirrored", of(irot(3), imir(1)), 5, 40, 30, header.Whole{}, nil},
		{"turned and mirrored otherwise", of(irot(1), imir(1)), 7, 40, 30, header.Whole{}, nil},
		{"mirrored upside down", of(irot(1), imir(0)), 5, 40, 30, header.Whole{}, nil},
		{"mirrored and turned", of(imir(1), irot(1)), 5, 40, 30, header.Whole{}, nil},
		{"mirrored twice", of(imir(1), imir(0)), 3, 40, 30, header.Whole{}, nil},
		{"cut in the middle", of(clap(20, 1, 10, 1, 0, 1, 0, 1)), 1, 20, 10, header.Whole{Width: 40, Height: 30, Left: 10, Top: 10}, nil},
		{"cut aside", of(clap(20, 1, 10, 1, -10, 1, 10, 1)), 1, 20, 10, header.Whole{Width: 40, Height: 30, Left: 0, Top: 20}, nil},
		{"cut at half a pixel", of(clap(39, 1, 29, 1, -1, 2, 1, 2)), 1, 39, 29, header.Whole{Width: 40, Height: 30, Left: 0, Top: 1}, nil},
		{"cut to all", of(clap(40, 1, 30, 1, 0, 1, 0, 1)), 1, 40, 30, whole, nil},
		{"cut beyond", of(clap(40, 1, 30, 1, 10, 1, 0, 1)), 1, 30, 30, header.Whole{Width: 40, Height: 30, Left: 10}, nil},
		{"cut twice", of(clap(20, 1, 10, 1, 0, 1, 0, 1), clap(10, 1, 10, 1, 5, 1, 0, 1)), 1, 10, 10, header.Whole{Width: 40, Height: 30, Left: 20, Top: 10}, nil},
		{"cut and turned", of(clap(20, 1, 10, 1, 0, 1, 0, 1), irot(1)), 8, 20, 10, header.Whole{Width: 40, Height: 30, Left: 10, Top: 10}, nil},
		{"turned and cut", of(irot(1), clap(20, 1, 10, 1, 0, 1, 0, 1)), 0, 0, 0, header.Whole{}, header.ErrNotPicture},
		{"cut away", of(clap(20, 1, 10, 1, 100, 1, 0, 1)), 0, 0, 0, header.Whole{}, header.ErrBroken},
		{"cut to nothing", of(clap(0, 1, 10, 1, 0, 1, 0, 1)), 0, 0, 0, header.Whole{}, header.ErrBroken},
		{"cut by no fraction", of(clap(20, 0, 10, 1, 0, 1, 0, 1)), 0, 0, 0, header.Whole{}, header.ErrBroken},
		{"alpha of another size", heifCoded("avif", "av1C", 41, 30, av1(40, 30), true, boxOf("ispe", be32(0, 40, 30))), 0, 0, 0, header.Whole{}, header.ErrNotPicture},
		{"a tile", heifTile(irot(0), false), 1, 40, 30, header.Whole{}, nil},
		{"a tile that is turned", heifTile(irot(1), false), 0, 0, 0, header.Whole{}, header.ErrNotPicture},
		{"a tile that is mirrored", heifTile(imir(0), false), 0, 0, 0, header.Whole{}, header.ErrNotPicture},
		{"a tile with alpha", heifTile(irot(0), true), 0, 0, 0, header.Whole{}, header.ErrNotPicture},
	} {
		h, err := inspect(c.src)
		if !errors.Is(err, c.err) || h.Orientation != c.orientation || h.Width != c.w || h.Height != c.h || h.Whole != c.whole {
			t.Errorf("%s: %+v, %v, want %+v", c.name, h, err, c)
		}
	}
}

// TestInspectNumbers: colours told by numbers, by an item, its first tile or what is coded.
func TestInspectNumbers(t *testing.T) {
	t.Parallel()
	of := func(own ...[]byte) []byte { return heifOf("avif", "av1C", 40, 30, false, own...) }
	for _, c := range []struct {
		name string
		src  []byte
		want header.CICP
		err  error
	}{
		{"nothing", of(), header.CICP{}, nil},
		{"unspecified", of(nclx(2, 2, 2, 0)), header.CICP{}, nil},
		{"Display P3", of(nclx(12, 13, 6, 0x80)), header.CICP{Primaries: 12, Transfer: 13}, nil},
		{"with a profile", of(boxOf("colr", []byte("prof.....")), nclx(9, 16, 9, 0)), header.CICP{Primaries: 9, Transfer: 16}, nil},
		{"beyond what there is", of(boxOf("colr", []byte("nclx"), []byte{1, 12, 1, 13, 0, 6, 0})), header.CICP{Primaries: 255, Transfer: 255}, nil},
		{"cut short", of(boxOf("colr", []byte("nclx"), []byte{0, 12})), header.CICP{}, header.ErrBroken},
		{"of another kind", of(boxOf("colr", []byte("nclc"), []byte{0, 12, 0, 13, 0, 6})), header.CICP{}, nil},
		{"of a tile", heifTile(nclx(12, 13, 6, 0x80), false), header.CICP{Primaries: 12, Transfer: 13}, nil},
		{"RGB", of(nclx(1, 13, 0, 0x80)), header.CICP{Primaries: 1, Transfer: 13}, nil},
		{"RGB with the range of video", of(nclx(1, 13, 0, 0)), header.CICP{}, header.ErrNotPicture},
		{"YCgCo of 10 bits", of(nclx(1, 13, 8, 0x80)), header.CICP{}, header.ErrNotPicture},
		{"ICtCp", of(nclx(9, 13, 14, 0)), header.CICP{}, header.ErrNotPicture},
	} {
		if h, err := inspect(c.src); !errors.Is(err, c.err) || h.CICP != c.want {
			t.Errorf("%s: %+v, %v, want %+v, %v", c.name, h, err, c.want, c.err)
		}
	}
}
