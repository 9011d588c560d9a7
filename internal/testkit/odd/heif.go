package odd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// Grid describes a HEIC or AVIF of one tile that is shown again and again.
type Grid struct {
	Columns, Rows int // of tiles, at most 256
	Width, Height int // of a tile, as the file says it, in pixels
}

// Of returns its file, the tile being the only picture in another HEIC or AVIF,
// whatever the size of that is.
func (g Grid) Of(picture []byte) ([]byte, error) {
	kind, config, coded, err := codedPicture(picture)
	if err != nil {
		return nil, err
	}
	return g.of(picture[:binary.BigEndian.Uint32(picture)], kind, config, coded), nil
}

// InBand is Of, but for the configuration, which is that of another HEIC: what decodes
// the picture finds its own only within it, where no header shows it.
func (g Grid) InBand(said, picture []byte) ([]byte, error) {
	_, config, _, err := codedPicture(said)
	if err != nil {
		return nil, err
	}
	kind, own, coded, err := codedPicture(picture)
	if err != nil || kind != "hvc1" {
		return nil, errors.Join(err, errors.New("only a HEIC has its configuration within"))
	}
	return g.of(picture[:binary.BigEndian.Uint32(picture)], kind, config, append(units(own), coded...)), nil
}

// units are the parameter sets of an hvcC box (ISO/IEC 14496-15, 8.3.3.1), each with
// its length in front, as in mdat.
func units(hvcC []byte) (all []byte) {
	const head = 8 + 22
	at := head + 1
	for range hvcC[head] {
		n := binary.BigEndian.Uint16(hvcC[at+1:])
		at += 3
		for range n {
			size := int(binary.BigEndian.Uint16(hvcC[at:]))
			all = append(append(all, be32(size)...), hvcC[at+2:at+2+size]...)
			at += 2 + size
		}
	}
	return all
}

func (g Grid) of(ftyp []byte, kind string, config, coded []byte) []byte {
	n := g.Columns * g.Rows
	grid := []byte{0, 0, byte(g.Rows - 1), byte(g.Columns - 1)}
	grid = append(grid, be16(g.Columns*g.Width, g.Rows*g.Height)...)
	refs := slices.Concat(be16(2, n), bytes.Repeat(be16(1), n))
	item := func(id int, kind string) []byte {
		return box("infe", []byte{2, 0, 0, 0}, be16(id, 0), []byte(kind), []byte{0})
	}
	size := func(w, h int) []byte { return box("ispe", be32(0, w, h)) }
	meta := func(at int) []byte {
		iloc := slices.Concat(be32(1<<24), []byte{0x44, 0}, be16(2),
			be16(1, 0, 0, 1), be32(at, len(coded)), be16(2, 1, 0, 1), be32(0, len(grid)))
		return box("meta", be32(0), box("hdlr", be32(0, 0), []byte("pict"), make([]byte, 13)), box("pitm", be32(0), be16(2)),
			box("iloc", iloc), box("iinf", be32(0), be16(2), item(1, kind), item(2, "grid")), box("iref", be32(0), box("dimg", refs)), box("idat", grid),
			box("iprp", box("ipco", config, size(g.Width, g.Height), size(g.Columns*g.Width, g.Rows*g.Height)),
				box("ipma", be32(0, 2), be16(1), []byte{2, 0x81, 2}, be16(2), []byte{1, 3})))
	}
	return slices.Concat(ftyp, meta(len(ftyp)+len(meta(0))+8), box("mdat", coded))
}

// codedPicture finds the parts of a file of one picture: the kind of its item, the box
// of its decoder's configuration, and what is in mdat.
func codedPicture(b []byte) (kind string, config, coded []byte, err error) {
	for _, c := range [][2]string{{"hvc1", "hvcC"}, {"av01", "av1C"}} {
		at, mdat := bytes.Index(b, []byte(c[1])), bytes.Index(b, []byte("mdat"))
		if at > 4 && mdat > 4 {
			return c[0], b[at-4:][:binary.BigEndian.Uint32(b[at-4:])], b[mdat+4 : mdat-4+int(binary.BigEndian.Uint32(b[mdat-4:]))], nil
		}
	}
	return "", nil, nil, errors.New("neither a HEIC nor an AVIF of one picture")
}

// SaidSize is a HEIC or AVIF of one picture with other sides in its ispe box.
func SaidSize(picture []byte, w, h int) []byte {
	b := bytes.Clone(picture)
	if at := bytes.Index(b, []byte("ispe")); at > 0 {
		copy(b[at+8:], be32(w, h))
	}
	return b
}

func box(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(be32(8+len(body)), []byte(kind), body)
}

func be16(values ...int) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func be32(values ...int) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	return b
}
