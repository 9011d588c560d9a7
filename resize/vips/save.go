package vips

import (
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/container"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// encode makes bytes of the finished picture, in as many tries as the plan asks
// for.
func (j job) encode(im op.Image) []byte {
	im = j.Stripped(im)
	p := j.plan
	if p.MaxBytes == 0 && p.Plain.Format == 0 {
		return j.write(im, p.Output)
	}
	im = j.InMemory(im)
	best, smallest := j.fitting(im, p.Output)
	switch {
	case p.Plain.Format == 0:
	case best == nil:
		least := 0
		best, least = j.fitting(im, p.Plain)
		smallest = min(smallest, least)
	default:
		// At its full quality: two that had to give up quality for a limit cannot
		// be told apart by their bytes.
		if plain := j.write(im, p.Plain); plain != nil && len(plain) < len(best) {
			best = plain
		}
	}
	if best == nil && j.Err == nil {
		j.Err = fmt.Errorf("%w: the smallest has %d bytes", resize.ErrBytes, smallest)
	}
	return best
}

// write encodes once.
func (j job) write(im op.Image, o resize.Output) []byte {
	switch o.Format {
	case variant.JPEG:
		return j.Save("jpegsave_buffer", op.On(im), op.Set("Q", o.Quality), op.Set("strip", true), op.Set("optimize_coding", !j.plan.Coarse), op.Set("interlace", o.Progressive))
	case variant.PNG:
		return j.Save("pngsave_buffer", op.On(im), op.Set("strip", true), op.Set("compression", pngCompression), op.Set("palette", o.Palette))
	case variant.WebP:
		if old() { // its saver keeps its copy for ever if reading the picture fails
			im = j.InMemory(im)
		}
		return j.stripWebP(j.Save("webpsave_buffer", op.On(im), op.Set("Q", o.Quality), op.Set("lossless", o.Lossless), op.Set("effort", webpEffort)))
	case variant.AVIF:
		subsample := "auto"
		if o.Lossless { // 8.14 would halve the colours nevertheless
			subsample = "off"
		}
		return j.Save("heifsave_buffer", op.On(im), op.Set("strip", true), op.Set("subsample_mode", subsample), op.Set("Q", o.Quality), op.Set("lossless", o.Lossless),
			op.Set("compression", "av1"), op.Set("effort", 9-j.engine.config.AVIFSpeed), op.Set("bitdepth", 8))
	case variant.JXL:
		return container.WrapJXL(j.Save("jxlsave_buffer", op.On(im), op.Set("strip", true), op.Set("distance", jxlDistance(o.Quality)), op.Set("lossless", o.Lossless),
			op.Set("effort", jxlEffort)))
	case variant.GIF:
		return j.Save("gifsave_buffer", op.On(im), op.Set("strip", true))
	}
	j.Err = &resize.UnsupportedError{Option: "f_" + o.Format.String()}
	return nil
}

func (j job) stripWebP(data []byte) []byte {
	if j.Err != nil {
		return nil
	}
	data, j.Err = container.StripWebP(data)
	return data
}

// pngCompression is zlib's level, 1..9, and its own default: 9 takes much longer
// for a few percent.
const pngCompression = 6

// jxlEffort is libjxl's, of which libvips 8.14 takes 3 to 9. More takes longer, and gives
// hardly fewer bytes.
const jxlEffort = 5

// jxlDistance is libjxl's measure of quality, from 0.1 to 15, which is the most that
// libvips 8.14 takes. From quality 30 on it is that of libjxl's own tools; below, each
// version of libvips has another formula.
func jxlDistance(quality int) float64 {
	if quality >= 30 {
		return 0.1 + 0.09*float64(100-quality)
	}
	return 6.4 + 8.6/29*float64(30-quality)
}

// webpEffort is libwebp's method, 0..6, and its own default.
const webpEffort = 4

// fitting encodes at the best quality that gives no more bytes than the plan
// allows: the one asked for, or a lower one, found by halving in at most seven
// tries. What has no quality gets fewer colours. It gives nil where nothing fits,
// and how small it became.
func (j job) fitting(im op.Image, o resize.Output) (out []byte, smallest int) {
	limit := j.plan.MaxBytes
	out = j.write(im, o)
	switch {
	case limit == 0 || j.Err != nil || len(out) <= limit:
		return out, len(out)
	case o.Format == variant.PNG && !o.Palette && !o.Lossless && j.plan.Pixels() <= resize.SlowPixels:
		o.Palette = true
		return j.fitting(im, o)
	case o.Format == variant.PNG, o.Format == variant.GIF, o.Lossless:
		return nil, len(out)
	}
	return j.halving(im, o, len(out))
}

func (j job) halving(im op.Image, o resize.Output, smallest int) (best []byte, least int) {
	for low, high := 1, o.Quality-1; low <= high && j.Err == nil; {
		o.Quality = (low + high) / 2
		out := j.write(im, o)
		smallest = min(smallest, len(out))
		if len(out) <= j.plan.MaxBytes {
			best, low = out, o.Quality+1
		} else {
			high = o.Quality - 1
		}
	}
	return best, smallest
}
