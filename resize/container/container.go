// Package container rewrites and checks picture files without decoding them, so that an
// engine reads, and leaks, no more than is needed.
package container

import "github.com/thumbery/thumbery/variant"

// Prepared returns src as libvips is to see it: without what it would only unpack and
// keep, texts and other metadata that are compressed, a kilobyte of which can become a
// megabyte; an AVIF or HEIC as it is coded, neither cut nor turned; an SVG without a size
// with that which browsers give it. The header must have been read before. src is not changed, and it is copied only if something differs.
// The error is of kind header.ErrTooLarge for a PNG with a colour profile of more than
// 4 MiB and an SVG with a longer side than is read, and of kind header.ErrNotPicture for
// a JPEG 2000 with a palette and a PNG in HDR.
func Prepared(src []byte, f variant.Format) ([]byte, error) {
	switch f {
	case variant.PNG:
		return pngWithoutMetadata(src)
	case variant.JXL:
		return jxlWithoutMetadata(src), nil
	case variant.SVG:
		return plainSVG(src)
	case variant.AVIF, variant.HEIC:
		return plainHEIF(src)
	case variant.JP2:
		return src, checkJP2(src)
	}
	return src, nil
}

// chunk is a part of a PNG or WebP with its head.
type chunk struct {
	kind     string
	off, end int  // in the file, of which it may be beyond the end
	whole    bool // all of it is there
}

// kept joins the parts of src that are kept, in order. Nothing is copied while they
// follow one another from start on.
type kept struct {
	src   []byte
	start int    // bytes that are kept whatever follows
	out   []byte // nil as long as src[:start] is all that is kept
}

func (k *kept) keep(off, end int) {
	switch {
	case k.out != nil:
		k.out = append(k.out, k.src[off:end]...)
	case off == k.start:
		k.start = end
	default: // something was left out before
		k.out = append(make([]byte, 0, k.start+len(k.src)-off), k.src[:k.start]...)
		k.out = append(k.out, k.src[off:end]...)
	}
}

// add puts something else behind what was kept.
func (k *kept) add(b []byte) {
	if k.out == nil {
		k.out = append(make([]byte, 0, len(k.src)+len(b)), k.src[:k.start]...)
	}
	k.out = append(k.out, b...)
}

// bytes is what was kept of a src that was looked at up to end.
func (k *kept) bytes(end int) []byte {
	if k.out != nil {
		return k.out
	}
	return k.src[:min(k.start, end)]
}
