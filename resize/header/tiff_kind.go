package header

import (
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/resize/header/internal/ifd"
)

// Tags that tell what samples mean, and some of their values, from the TIFF 6.0
// specification and libtiff's registry.
const (
	tagInkSet       = 0x14c
	tagExtraSamples = 0x152
	tagSampleFormat = 0x153

	photometricRGB    = 2
	photometricYCbCr  = 6
	photometricLab    = 8
	photometricLogLuv = 32845

	compressionJPEG     = 7
	compressionSGILog   = 34676
	compressionSGILog24 = 34677

	inksCMYK        = 1
	extraAssociated = 1 // alpha that colours are multiplied by
	extraAlpha      = 2

	sampleUnsigned = 1
	sampleSigned   = 2
	sampleVoid     = 4 // anything; libtiff takes it for unsigned
)

// tiffCompressions are those that libtiff reads, where it is built with them, but
// that of its own for LogLuv, and old ways to put a JPEG into a TIFF, of which no two
// readers see the same.
var tiffCompressions = []int{
	0 /* not said */, 1, 2, 3, 4, 5, compressionJPEG, 8, 32766, 32773, 32809, 32946,
	34661, 34887, 34925, 50000, 50001,
}

// samplesOf describes the samples of a page, except for their number and photometric
// interpretation.
type samplesOf struct {
	bits, format []int // of each
	extra        []int
	compression  int
	inks         int
}

func (m *samplesOf) read(e ifd.Entry, d ifd.Reader) {
	switch e.Tag {
	case tagBits:
		m.bits = d.Shorts(e, maxSamples)
	case tagSampleFormat:
		m.format = d.Shorts(e, maxSamples)
	case tagExtraSamples:
		m.extra = d.Shorts(e, maxSamples)
	case tagCompression:
		m.compression = d.First(e)
	case tagInkSet:
		m.inks = d.First(e)
	}
}

// shown refuses pages whose colours have no certain meaning, or that decoders are known
// to get wrong: floats and signed samples, which have no white; YCbCr but
// in a JPEG; Lab with alpha. The error is an ErrNotPicture.
func (p *tiffPage) shown() error {
	m := p.meaning
	if !p.unsigned(m) || !p.hasColours(m) || !p.alphaFollows(m) || p.planar && !p.joins() {
		return fmt.Errorf("%w: a TIFF of %d samples of %d bits, format %v, photometric interpretation %d, compression %d",
			ErrNotPicture, p.samples, p.depth(), m.format, p.kind, m.compression)
	}
	return nil
}

func (p *tiffPage) depth() int { return max(1, p.header.Depth) }

// unsigned reports whether all samples are unsigned integers of the same length, or
// what is said of them does not matter.
func (p *tiffPage) unsigned(m samplesOf) bool {
	for _, f := range m.format {
		labs := f == sampleSigned && p.kind == photometricLab // as libvips writes it
		if f != sampleUnsigned && f != sampleVoid && !labs {
			return p.kind == photometricLogLuv
		}
	}
	for _, b := range m.bits {
		if b != p.depth() {
			return false
		}
	}
	return true
}

// hasColours reports whether the samples make a colour, in a depth in which it is
// read as it is meant.
func (p *tiffPage) hasColours(m samplesOf) bool {
	depth := p.depth()
	whole := depth == 8 || depth == 16
	if p.kind == photometricLogLuv {
		return p.samples == 3 && (m.compression == compressionSGILog || m.compression == compressionSGILog24)
	}
	if !slices.Contains(tiffCompressions, m.compression) {
		return false
	}
	switch p.kind {
	case photometricWhite, photometricBlack, photometricPalette:
		packed := depth == 1 || depth == 2 || depth == 4
		return whole || packed && p.samples == 1
	case photometricRGB:
		return whole && p.samples >= 3
	case photometricCMYK:
		return whole && p.samples >= 4 && m.inks <= inksCMYK
	case photometricYCbCr:
		return depth == 8 && p.samples == 3 && m.compression == compressionJPEG
	case photometricLab:
		return whole && p.samples == 3
	}
	return false
}

// joins reports whether libvips puts planes together rightly. What it takes for
// grey, has a palette or is Lab it makes of the wrong rows, and of less than a byte a
// sample of memory that held something else.
func (p *tiffPage) joins() bool {
	copied := p.kind == photometricRGB || p.kind == photometricCMYK
	return !p.tiled && (copied || p.samples == 1 && p.depth() >= 8)
}

// alphaFollows reports whether alpha, where ExtraSamples names one, is the first
// sample after the colours, which is the one that counts as alpha.
func (p *tiffPage) alphaFollows(m samplesOf) bool {
	found := false
	for i, kind := range m.extra {
		at := p.samples - len(m.extra) + i
		if kind < 0 || kind == extraAssociated && at != p.colours() || kind == extraAlpha && !found && at != p.colours() {
			return false
		}
		found = found || kind == extraAssociated || kind == extraAlpha
	}
	return true
}
