package header

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
	"github.com/thumbery/thumbery/resize/internal/source"
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
	s        *source.Source
	h        Header
	primary  uint32
	items    map[uint32]*heifItem
	alphaOf  []uint32 // items that are alpha channels of the primary item
	props    []heifProperty
	idat     source.Part
	left     int   // entries and coded units that may still be looked at
	metadata int64 // bytes of items that are no pictures
}

func inspectHEIF(s *source.Source) (Header, error) {
	r := &heifReader{s: s, h: Header{Orientation: 1, Pages: 1, Depth: 8}, items: map[uint32]*heifItem{}, left: maxEntries}
	meta, err := r.only(0, s.Size, "meta")
	if err != nil {
		return Header{}, err
	}
	if meta.Kind == "" {
		return Header{}, source.Broken("it has no meta box")
	}
	c := r.cursor(meta)
	c.full()
	if c.err != nil {
		return Header{}, c.err
	}
	if err := r.read(c.off, c.end); err != nil {
		return Header{}, err
	}
	return r.header()
}

func (r *heifReader) cursor(b source.Part) *cursor {
	return &cursor{s: r.s, off: b.Body, end: b.End, left: &r.left}
}

// only returns the box of a kind that may stand between off and end but once: of two,
// decoders disagree on which counts. Its Kind is "" if it is not there.
func (r *heifReader) only(off, end int64, kind string) (found source.Part, err error) {
	for b, err := range r.s.Boxes(off, end) {
		switch {
		case err != nil:
			return found, err
		case b.Kind == kind && found.Kind == kind:
			return found, source.Broken("a second box %s", kind)
		case b.Kind == kind:
			found = b
		}
	}
	return found, nil
}

// each calls f for the boxes that follow in c, up to the first failure.
func (r *heifReader) each(c *cursor, f func(kind string, c *cursor)) {
	for b, err := range r.s.Boxes(c.off, c.end) {
		if c.err = cmp.Or(c.err, err); c.err != nil {
			return
		}
		inner := r.cursor(b)
		f(b.Kind, inner)
		c.err = inner.err
	}
}

// read takes the boxes of meta in the order in which they need each other,
// which is not always that of the file.
func (r *heifReader) read(off, end int64) error {
	for _, step := range []struct {
		kind string
		read func(*cursor)
	}{
		{"pitm", r.readPrimary},
		{"iinf", r.readItems},
		{"iprp", r.readProperties},
		{"iprp", r.readAssociations},
		{"iref", r.readReferences},
		{"idat", func(c *cursor) { r.idat = source.Part{Body: c.off, End: c.end} }},
		{"iloc", r.readLocations},
	} {
		b, err := r.only(off, end, step.kind)
		if err == nil && b.Kind != "" {
			c := r.cursor(b)
			step.read(c)
			err = c.err
		}
		if err != nil {
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
	r.findEXIF()
	r.h.Premultiplied = r.h.Premultiplied && r.h.Alpha
	return r.h, nil
}

func (r *heifReader) readPrimary(c *cursor) {
	version, _ := c.full()
	r.primary = c.id(version > 0)
}

// heifProperty is a box of ipco, as far as we read it.
type heifProperty struct {
	kind    string
	a, b    int        // ispe: sides; irot: quarter turns to the left; imir: axis; pixi: channels and bits
	clap    [4]float64 // width, height, and where the middle lies from that of the whole
	coded   bitstream.Sequence
	isAlpha bool              // auxC
	colours bitstream.Colours // nclx
	profile Extent
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

func (r *heifReader) readProperties(c *cursor) {
	ipco, err := r.only(c.off, c.end, "ipco")
	if c.err = err; err != nil {
		return
	}
	c.off, c.end = ipco.Body, ipco.End
	r.each(c, func(kind string, c *cursor) {
		if r.props = append(r.props, c.property(kind)); len(r.props) > maxProperties {
			c.err = source.Broken("more than %d properties", maxProperties)
		}
	})
}

func (c *cursor) property(kind string) heifProperty {
	p := heifProperty{kind: kind}
	switch kind {
	case "ispe":
		c.full()
		p.a, p.b = int(c.uint(4)), int(c.uint(4))
	case "irot":
		p.a = int(c.uint(1) & 3)
	case "imir":
		p.a = int(c.uint(1) & 1)
	case "clap":
		p.clap = c.clap()
	case "pixi":
		c.full()
		p.a, p.b = int(c.uint(1)), int(c.uint(1))
	case "av1C":
		p.coded.Depth = bitstream.AV1Depth(c.uint(3))
	case "hvcC":
		p.coded = c.hevcConfig()
	case "auxC":
		c.full()
		p.isAlpha = c.isAlpha()
	case "colr":
		switch c.kind() {
		case "prof", "rICC":
			p.profile = Extent{c.off, c.end - c.off}
		case "nclx":
			code := func() uint8 { return uint8(min(c.uint(2), 255)) }
			p.kind, p.colours = "nclx", bitstream.Colours{Known: true, Primaries: code(), Transfer: code(), Matrix: code(), Full: c.uint(1)&0x80 != 0}
		default:
			p.kind = "other"
		}
	}
	return p
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
	urn, _, _ := bytes.Cut(b, []byte{0})
	return string(urn) == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha" || string(urn) == "urn:mpeg:hevc:2015:auxid:1"
}

// readAssociations reads which properties the items have.
func (r *heifReader) readAssociations(c *cursor) {
	r.each(c, func(kind string, c *cursor) {
		if kind != "ipma" {
			return
		}
		version, flags := c.full()
		width := 1 + int(flags&1)
		for range c.count(4) {
			item := r.item(c.id(version > 0))
			for range c.count(1) {
				index := int(c.uint(width)) &^ (1 << (8*width - 1)) // without the "essential" bit
				if index >= 1 && index <= len(r.props) {
					r.associate(item, index-1)
				}
			}
		}
	})
}

func (r *heifReader) associate(item *heifItem, prop int) {
	p := &r.props[prop]
	item.props = append(item.props, prop)
	item.isAlpha = item.isAlpha || p.isAlpha
	if p.kind == "hvcC" {
		item.coded = item.coded.And(p.coded)
	}
}

// readReferences looks which alpha pictures belong to the primary item, and
// which tiles to which.
func (r *heifReader) readReferences(c *cursor) {
	version, _ := c.full()
	r.each(c, func(kind string, c *cursor) {
		from := c.id(version > 0)
		for range c.count(2) {
			r.refer(kind, from, c.id(version > 0))
		}
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
