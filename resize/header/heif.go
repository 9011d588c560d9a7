package header

import (
	"bytes"
	"encoding/binary"

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
	end := min(len(head), int(min(binary.BigEndian.Uint32(head), sniffBytes)))
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
	own     []int           // of the primary item, indices into props, in order
	alphas  map[uint32]bool // items that are alpha channels
	alphaOf []uint32        // those of the primary item
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
	a, b    int  // ispe, clap, hvcC: sides; irot: quarter turns; pixi: channels and bits
	depth   int  // av1C, hvcC: bits a sample
	isAlpha bool // auxC
	profile Extent
}

func inspectHEIF(s *file) (Header, error) {
	r := &heifReader{s: s, h: Header{Orientation: 1, Pages: 1, Depth: 8}, alphas: map[uint32]bool{}, items: map[uint32]*heifItem{}, units: maxOBUs}
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
	for _, i := range r.own {
		if p := r.props[i]; p.kind == "ispe" {
			r.h.Width, r.h.Height = p.a, p.b
		}
	}
	whole := r.h
	if err := whole.Check(); err != nil { // clap may make it smaller, of which decoders know nothing
		return Header{}, err
	}
	if err := r.checkSizes(whole.Width, whole.Height); err != nil {
		return Header{}, err
	}
	for _, i := range r.own {
		r.apply(r.props[i])
	}
	if r.h.Pixels() < whole.Pixels() {
		r.h.Coded = max(r.h.Coded, whole.Pixels())
	}
	for _, p := range r.props { // of tiles, too: too much rather than too little
		r.h.Depth = max(r.h.Depth, p.depth)
	}
	r.h.Samples = colours(r.h.Gray, r.h.Alpha)
	return r.h, nil
}

// apply applies a property to the header as decoders apply it to the picture.
func (r *heifReader) apply(p heifProperty) {
	switch p.kind {
	case "clap":
		r.h.Width, r.h.Height = min(r.h.Width, p.a), min(r.h.Height, p.b)
	case "irot":
		if p.a&1 != 0 {
			r.h.Width, r.h.Height = r.h.Height, r.h.Width
		}
	case "pixi":
		r.h.Gray, r.h.Depth = p.a == 1, p.b
	case "colr":
		r.h.ICC = true
		if r.h.Profile.Len == 0 {
			r.h.Profile = p.profile
		}
	}
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
	case "clap":
		p.a, p.b = c.ratio(), c.ratio()
	case "pixi":
		c.full()
		p.a, p.b = int(c.uint(1)), int(c.uint(1))
	case "av1C":
		p.depth = bitstream.AV1Depth(c.uint(3))
	case "hvcC":
		return s.hevcConfig(b)
	case "auxC":
		c.full()
		p.isAlpha = c.isAlpha()
	case "colr":
		if kind := c.uint(4); kind != 'p'<<24|'r'<<16|'o'<<8|'f' && kind != 'r'<<24|'I'<<16|'C'<<8|'C' {
			p.kind = "nclx"
		}
		p.profile = Extent{c.off, c.end - c.off}
	}
	return p, c.err
}

// ratio reads a side of clap, a fraction, rounded as libheif does.
func (c *cursor) ratio() int {
	n, d := c.uint(4), c.uint(4)
	if d == 0 {
		return 0
	}
	return int((n + d/2) / d)
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
	if id == r.primary && len(r.own) < maxBoxes {
		r.own = append(r.own, prop)
	}
	if r.props[prop].isAlpha && len(r.alphas) < maxItems {
		r.alphas[id] = true
	}
	if p := r.props[prop]; p.kind == "hvcC" {
		item := r.item(id)
		item.codedW, item.codedH = max(item.codedW, p.a), max(item.codedH, p.b)
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
	case kind == "auxl" && to == r.primary && r.alphas[from] && len(r.alphaOf) < maxAlphas:
		r.h.Alpha = true
		r.alphaOf = append(r.alphaOf, from)
	case kind == "dimg":
		item := r.item(from)
		item.tiles = append(item.tiles, to)
	}
}
