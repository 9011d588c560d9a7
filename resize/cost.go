package resize

import (
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Cost is the peak memory of carrying out p, for the picture with header h, in decoded
// pixels of four bytes: the weight that admission counts. It is an estimate, rounded
// up, of what the engine vips held for 16 megapixels of noise with libvips 8.14. It can
// exceed the limit of a gate, if a large source gives a large result: such a picture
// is admitted alone.
func (p Plan) Cost(h header.Header) int64 {
	result := max(p.Output.weight(), p.Plain.weight()) // one after the other
	if !p.Simple(h) {
		result += composedWeight
	}
	return p.sourceCost(h) + result*p.Pixels()
}

// CostOfAll is the Cost of Resizer.ResizeAll with these plans: that of decoding; the
// decoded source and its halves, quarters and so on, which together are 1/3 as large;
// results that are encoded more than once; and the most that any one plan adds.
func CostOfAll(h header.Header, plans []Plan) int64 {
	var source, most, waiting int64
	seen := map[Plan]bool{}
	for _, p := range plans {
		source, most = max(source, p.sourceCost(h)), max(most, p.Cost(h)-p.sourceCost(h))
		if key := p.Unencoded(); seen[key] {
			waiting += p.Pixels()
		} else {
			seen[key] = true
		}
	}
	if len(plans) > 1 {
		decoded := source
		source += decoded + decoded/3
		if h.Alpha { // multiplied in, in a copy
			source += decoded
		}
	}
	return source + most + waiting
}

// sourceCost is the weight of the decoded source. A drawing is rendered at the size to
// which the plan scales it.
func (p Plan) sourceCost(h header.Header) int64 {
	if h.Drawn() {
		return int64(p.ScaledW) * int64(p.ScaledH)
	}
	return decodeWeight(h) * int64(p.Frames)
}

// heaviest is how much of a gate's limit, Settings.MaxPixels, a decoded picture may
// weigh: 12 bytes for each pixel that is allowed, so that pictures of four
// samples of 16 bits can have any allowed size. Work that weighs more than a gate's limit
// is admitted alone, and takes at most this much.
const heaviest = 3

// composedWeight is what a pixel of the result weighs besides where the picture
// is held uncompressed between two passes, as read, laid out and written again:
// 10 to 15 bytes.
const composedWeight = 4

// weight is how much an encoder holds for one pixel. Measured, in bytes: JPEG 4,
// PNG 6, WebP 8 to 20, lossless 37, AVIF 25, JPEG XL 50, GIF 14.
func (o Output) weight() int64 {
	switch {
	case o == Output{}:
		return 0
	case o.Format == variant.JPEG:
		return 1
	case o.Format == variant.PNG:
		return 2
	case o.Format == variant.WebP && o.Lossless:
		return 10
	case o.Format == variant.WebP:
		return 5
	case o.Format == variant.AVIF:
		return 7
	case o.Format == variant.JXL:
		return 13
	}
	return 4
}

// decodeWeight is the weight of the decoded picture, or of one page of it.
func decodeWeight(h header.Header) int64 {
	n := h.DecodePixels()
	return (n*h.PixelBytes()+3)/4 + n*deepWeight(h)
}

// deepWeight is what a pixel weighs besides in decoders that hold all of a picture,
// in two or three forms, where it has more than 8 bits or may be lossless JPEG XL.
// Measured on 25 megapixels, in bytes a pixel with those of the result: HEIC of 10 bits
// 13, AVIF of 12 bits without subsampling 25, JPEG XL of 8 bits 16, of 16 bits 20 and of
// floats 26. AVIF and HEIC of 8 bits take 6 to 13. So the largest that is read takes a
// gigabyte.
func deepWeight(h header.Header) int64 {
	deep := h.Depth > 8
	switch {
	case h.Format == variant.HEIC && deep:
		return 3
	case h.Format == variant.JXL && !deep:
		return 4
	case h.Format == variant.JXL, h.Format == variant.AVIF && deep:
		return 5
	}
	return 0
}
