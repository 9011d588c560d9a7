package container

import (
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
)

// Tags that tell what the samples of a TIFF mean, and some of their values, from the
// TIFF 6.0 specification and libtiff's registry.
const (
	tagBits         = 0x102
	tagCompression  = 0x103
	tagPhotometric  = 0x106
	tagSamples      = 0x115
	tagPlanar       = 0x11c
	tagTileWidth    = 0x142
	tagInkSet       = 0x14c
	tagExtraSamples = 0x152
	tagSampleFormat = 0x153

	photometricWhite   = 0
	photometricBlack   = 1
	photometricRGB     = 2
	photometricPalette = 3
	photometricCMYK    = 5
	photometricYCbCr   = 6
	photometricLab     = 8
	photometricLogLuv  = 32845

	compressionJPEG     = 7
	compressionSGILog   = 34676
	compressionSGILog24 = 34677

	planarSeparate  = 2
	extraAssociated = 1 // alpha that colours are multiplied by
	extraAlpha      = 2
	sampleUnsigned  = 1
	sampleSigned    = 2
	sampleVoid      = 4 // anything; libtiff takes it for unsigned
)

// tiffCompressions are those that libtiff reads, where it is built with them, but
// that of its own for LogLuv, and old ways to put a JPEG into a TIFF, of which no two
// readers see the same.
var tiffCompressions = []int{1, 2, 3, 4, 5, compressionJPEG, 8, 32766, 32773, 32809, 32946, 34661, 34887, 34925, 50000, 50001}

// CheckTIFF refuses a TIFF whose page, counted from 1, has samples whose colours have no
// certain meaning, or that libvips is known to get wrong, which its header does not tell.
// JPEG 2000 within TIFF is never read: libvips 8.14 writes beyond its buffers. Beyond the
// last page the last is checked. The error is of kind header.ErrNotPicture, or
// header.ErrBroken if a directory, or what it refers to, is cut short.
func CheckTIFF(src []byte, page int) error {
	t, next, err := source.Of(src).TIFF(0, int64(len(src)))
	if err != nil {
		return err
	}
	var p tiffPage
	for n := 0; n < max(page, 1) && (n == 0 || next > 0); n++ {
		if p, next, err = t.Directory(next, tiffTags...); err != nil {
			return err
		}
	}
	if !p.unsigned() || !p.hasColours() || !p.alphaFollows() || !p.joins() {
		return fmt.Errorf("%w: a TIFF of %d samples of %v bits, format %v, photometric interpretation %d, compression %d", header.ErrNotPicture,
			p.samples(), p[tagBits], p[tagSampleFormat], p.first(tagPhotometric), p.first(tagCompression))
	}
	return nil
}

// tiffTags are all of the tags above; read-only.
var tiffTags = []uint16{tagBits, tagCompression, tagPhotometric, tagSamples, tagPlanar, tagTileWidth, tagInkSet, tagExtraSamples, tagSampleFormat}

// tiffPage is the directory of a page: the numbers of each tag that matters here, -1 for
// one of a type that nobody writes.
type tiffPage map[uint16][]int

// first is the first number of a tag, 0 if there is none.
func (p tiffPage) first(tag uint16) int { return append(p[tag], 0)[0] }

func (p tiffPage) samples() int { return append(p[tagSamples], 1)[0] }
func (p tiffPage) depth() int   { return append(p[tagBits], 1)[0] }

// unsigned reports whether all samples are unsigned integers of the same length, or
// what is said of them does not matter.
func (p tiffPage) unsigned() bool {
	kind := p.first(tagPhotometric)
	for _, f := range p[tagSampleFormat] {
		labs := f == sampleSigned && kind == photometricLab // as libvips writes it
		if f != sampleUnsigned && f != sampleVoid && !labs {
			return kind == photometricLogLuv
		}
	}
	return !slices.ContainsFunc(p[tagBits], func(b int) bool { return b != p.depth() })
}

// hasColours reports whether the samples make a colour, in a depth in which it is
// read as it is meant.
func (p tiffPage) hasColours() bool {
	depth, samples, compression := p.depth(), p.samples(), append(p[tagCompression], 1)[0]
	whole := depth == 8 || depth == 16
	if p.first(tagPhotometric) == photometricLogLuv {
		return samples == 3 && (compression == compressionSGILog || compression == compressionSGILog24)
	}
	if !slices.Contains(tiffCompressions, compression) {
		return false
	}
	switch p.first(tagPhotometric) {
	case photometricWhite, photometricBlack, photometricPalette:
		packed := depth == 1 || depth == 2 || depth == 4
		return whole && samples >= 1 || packed && samples == 1
	case photometricRGB:
		return whole && samples >= 3
	case photometricCMYK:
		return whole && samples >= 4 && p.first(tagInkSet) <= 1
	case photometricYCbCr:
		return depth == 8 && samples == 3 && compression == compressionJPEG
	case photometricLab:
		return whole && samples == 3
	}
	return false
}

// joins reports whether libvips puts planes together rightly. What it takes for
// grey, has a palette or is Lab it makes of the wrong rows, and of less than a byte a
// sample of memory that held something else.
func (p tiffPage) joins() bool {
	kind := p.first(tagPhotometric)
	copied := kind == photometricRGB || kind == photometricCMYK
	return p.first(tagPlanar) != planarSeparate || p[tagTileWidth] == nil && (copied || p.samples() == 1 && p.depth() >= 8)
}

// alphaFollows reports whether alpha, where ExtraSamples names one, is the first
// sample after the colours, which is the one that counts as alpha.
func (p tiffPage) alphaFollows() bool {
	colours := 3
	switch p.first(tagPhotometric) {
	case photometricWhite, photometricBlack, photometricPalette:
		colours = 1
	case photometricCMYK:
		colours = 4
	}
	extra, found := p[tagExtraSamples], false
	for i, kind := range extra {
		at := p.samples() - len(extra) + i
		if kind < 0 || kind == extraAssociated && at != colours || kind == extraAlpha && !found && at != colours {
			return false
		}
		found = found || kind == extraAssociated || kind == extraAlpha
	}
	return true
}
