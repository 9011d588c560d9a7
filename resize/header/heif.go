package header

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// sniffBrands reads the brands in an ftyp box, as far as head holds it.
func sniffBrands(head []byte) (variant.Format, bool) {
	if len(head) < 12 || string(head[4:8]) != "ftyp" {
		return 0, false
	}
	found := variant.FormatKeep
	end := min(len(head), int(min(binary.BigEndian.Uint32(head), SniffBytes)))
	for i := 8; i+4 <= end; i += 4 {
		switch string(head[i : i+4]) {
		case "avif", "avis":
			return variant.AVIF, true
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1":
			found = variant.HEIC
		}
	}
	return found, found != variant.FormatKeep
}

// heifReader reads the meta box of an AVIF or HEIC (ISO/IEC 23008-12), whose
// primary item is the picture; sequences count as their primary item.
type heifReader struct {
	s       *file
	h       Header
	meta    box // content after version and flags
	primary uint32
	props   []heifProperty
	alphaOf []uint32 // items that are alpha channels of the primary item
	items   map[uint32]*heifItem
	extents int   // of all items
	links   int   // of all items
	units   int   // AV1 and HEVC units that may still be looked at
	besides int64 // bytes of items that are no pictures
	idat    box
}

// heifProperty is a box of ipco, as far as we read it.
type heifProperty struct {
	kind    string
	a, b    int        // ispe, clap: sides; irot: quarter turns to the left; imir: axis; pixi: channels and bits
	clap    [4]float64 // width, height, and where the middle lies from that of the whole
	coded   bitstream.Sequence
	isAlpha bool              // auxC
	colours bitstream.Colours // nclx
	profile Extent
}

func inspectHEIF(s *file) (Header, error) {
	r := &heifReader{s: s, h: Header{Orientation: 1, Pages: 1, Depth: 8}, items: map[uint32]*heifItem{}, units: maxOBUs}
	err := s.boxes(0, s.Size, func(b box) error {
		if b.kind != "meta" {
			return nil
		}
		if r.meta.kind != "" || b.end-b.start < 4 {
			return source.Broken("a second meta box, or an empty one")
		}
		r.meta = box{b.kind, b.start + 4, b.end}
		return nil
	})
	if err != nil {
		return Header{}, err
	}
	if r.meta.kind == "" {
		return Header{}, source.Broken("it has no meta box")
	}
	if err := r.read(); err != nil {
		return Header{}, err
	}
	return r.header()
}

// read takes the children of meta in the order in which they need each other,
// which is not always that of the file.
func (r *heifReader) read() error {
	for _, step := range []struct {
		kind string
		read func(box) error
	}{
		{"pitm", r.readPrimary},
		{"iinf", r.readItems},
		{"iprp", r.readProperties},
		{"iprp", r.readAssociations},
		{"iref", r.readReferences},
		{"idat", func(b box) error { r.idat = b; return nil }},
		{"iloc", r.readLocations},
	} {
		if err := r.s.only(r.meta, step.kind, step.read); err != nil {
			return err
		}
	}
	return nil
}

// header builds the Header. The coding decides the format, not the
// brand: mif1 can be either.
func (r *heifReader) header() (Header, error) {
	primary := r.item(r.primary)
	size, _ := r.prop(primary, "ispe")
	r.h.Width, r.h.Height = size.a, size.b
	whole := r.h
	if err := whole.Check(); err != nil { // clap may make it smaller, of which decoders know nothing
		return Header{}, err
	}
	if err := r.checkSizes(whole.Width, whole.Height); err != nil {
		return Header{}, err
	}
	if err := r.transform(primary); err != nil {
		return Header{}, err
	}
	if r.h.Pixels() < whole.Pixels() {
		r.h.Coded = max(r.h.Coded, whole.Pixels())
	}
	if pixi, ok := r.prop(primary, "pixi"); ok {
		r.h.Depth = pixi.b
	}
	for _, p := range r.props { // of tiles, too: too much rather than too little
		r.h.Depth = max(r.h.Depth, p.coded.Depth)
	}
	if err := r.colours(primary); err != nil {
		return Header{}, err
	}
	r.h.Premultiplied = r.h.Premultiplied && r.h.Alpha
	r.h.Samples = colours(r.h.Gray, r.h.Alpha)
	return r.h, nil
}

// prop is the last property of that kind that an item has, which is the one that libheif
// takes.
func (r *heifReader) prop(item *heifItem, kind string) (heifProperty, bool) {
	for _, i := range slices.Backward(item.props) {
		if r.props[i].kind == kind {
			return r.props[i], true
		}
	}
	return heifProperty{}, false
}

func (r *heifReader) readPrimary(b box) error {
	c := r.s.cursor(b)
	version, _ := c.full()
	r.primary = uint32(c.uint(idBytes(version > 0)))
	return c.err
}

// idBytes is the width of item ids, which grows with the version of a box.
func idBytes(wide bool) int {
	if wide {
		return 4
	}
	return 2
}

func (r *heifReader) readProperties(b box) error {
	return r.s.only(b, "ipco", func(b box) error {
		return r.s.boxes(b.start, b.end, func(b box) error {
			if len(r.props) >= maxBoxes {
				return source.Broken("more than %d properties", maxBoxes)
			}
			p, err := r.s.heifProperty(b)
			r.props = append(r.props, p)
			return err
		})
	})
}

func (s *file) heifProperty(b box) (heifProperty, error) {
	p := heifProperty{kind: b.kind}
	c := s.cursor(b)
	switch b.kind {
	case "ispe":
		c.full()
		p.a, p.b = int(c.uint(4)), int(c.uint(4))
	case "irot":
		p.a = int(c.uint(1) & 3)
	case "imir":
		p.a = int(c.uint(1) & 1)
	case "clap":
		return s.heifClap(b)
	case "pixi":
		c.full()
		p.a, p.b = int(c.uint(1)), int(c.uint(1))
	case "av1C":
		p.coded.Depth = bitstream.AV1Depth(c.uint(3))
	case "hvcC":
		return s.hevcConfig(b)
	case "auxC":
		c.full()
		p.isAlpha = c.isAlpha()
	case "colr":
		switch kind := c.uint(4); kind {
		case 'p'<<24 | 'r'<<16 | 'o'<<8 | 'f', 'r'<<24 | 'I'<<16 | 'C'<<8 | 'C':
			p.profile = Extent{c.off, c.end - c.off}
		case 'n'<<24 | 'c'<<16 | 'l'<<8 | 'x':
			code := func() uint8 { return uint8(min(c.uint(2), 255)) }
			p.kind, p.colours = "nclx", bitstream.Colours{Told: true, Primaries: code(), Transfer: code(), Matrix: code(), Full: c.uint(1)&0x80 != 0}
		default:
			p.kind = "other"
		}
	}
	return p, c.err
}

// isAlpha reads the URN of an auxiliary picture.
func (c *cursor) isAlpha() bool {
	n := int(min(c.end-c.off, 64))
	if n <= 0 || c.err != nil {
		return false
	}
	b, err := c.s.At(c.off, n)
	if err != nil {
		return false
	}
	b, _, _ = bytes.Cut(b, []byte{0})
	urn := string(b)
	return urn == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha" || urn == "urn:mpeg:hevc:2015:auxid:1"
}

func (r *heifReader) readAssociations(b box) error {
	return r.s.child(b.start, b.end, "ipma", func(b box) error {
		c := r.s.cursor(b)
		version, flags := c.full()
		width := 1 + int(flags&1)
		for range c.count(4, maxItems) {
			id := uint32(c.uint(idBytes(version > 0)))
			r.link(c)
			for range c.count(1, 255) {
				index := int(c.uint(width)) &^ (1 << (8*width - 1)) // without the "essential" bit
				r.link(c)
				if c.err == nil && index >= 1 && index <= len(r.props) {
					r.associate(id, index-1)
				}
			}
			if c.err != nil {
				break
			}
		}
		return c.err
	})
}

// link counts what c read as one of the links between items and properties,
// which all together are limited: the file may be full of them.
func (r *heifReader) link(c *cursor) {
	if r.links++; r.links > maxLinks && c.err == nil {
		c.err = source.Broken("more than %d references", maxLinks)
	}
}

func (r *heifReader) associate(id uint32, prop int) {
	item, p := r.item(id), &r.props[prop]
	item.props = append(item.props, prop)
	item.isAlpha = item.isAlpha || p.isAlpha
	if p.kind == "hvcC" {
		item.coded = item.coded.And(p.coded)
	}
}

// readReferences looks which alpha pictures belong to the primary item, and
// which tiles to which.
func (r *heifReader) readReferences(b box) error {
	c := r.s.cursor(b)
	version, _ := c.full()
	if c.err != nil {
		return c.err
	}
	return r.s.boxes(c.off, c.end, func(b box) error {
		c := r.s.cursor(b)
		from := uint32(c.uint(idBytes(version > 0)))
		for range c.count(2, maxItems) {
			to := uint32(c.uint(idBytes(version > 0)))
			r.link(c)
			if c.err != nil {
				break
			}
			r.refer(b.kind, from, to)
		}
		return c.err
	})
}

func (r *heifReader) refer(kind string, from, to uint32) {
	switch {
	case kind == "auxl" && r.item(from).isAlpha:
		if r.item(to).alpha = true; to == r.primary && len(r.alphaOf) < maxAlphas {
			r.h.Alpha = true
			r.alphaOf = append(r.alphaOf, from)
		}
	case kind == "prem" && from == r.primary:
		r.h.Premultiplied = true
	case kind == "dimg":
		item := r.item(from)
		item.tiles = append(item.tiles, to)
	}
}
