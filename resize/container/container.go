// Package container rewrites and checks picture files without decoding them, so that an
// engine reads, and leaks, no more than is needed.
package container

import "github.com/thumbery/thumbery/variant"

// Prepared returns src as libvips is to see it:
//
//   - a PNG or JPEG XL without compressed texts and other metadata, which libvips would only
//     unpack and keep: a kilobyte can become a megabyte;
//   - an AVIF or HEIC as it is coded, neither cut nor turned;
//   - an SVG with the size that browsers give it.
//
// The header must have been read before. src is not changed, and it is copied only if
// something differs.
//
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
