package vips

import (
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// encode makes bytes of the finished picture, in as many tries as the plan asks
// for.
func (j job) encode(im pixels) []byte {
	im = j.stripped(im)
	p := j.plan
	if p.MaxBytes == 0 && p.Plain.Format == 0 {
		return j.write(im, p.Output)
	}
	im = j.inMemory(im)
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
	if best == nil && j.err == nil {
		j.err = fmt.Errorf("%w: the smallest has %d bytes", resize.ErrBytes, smallest)
	}
	return best
}

// write encodes once.
func (j job) write(im pixels, o resize.Output) []byte {
	switch o.Format {
	case variant.JPEG:
		return j.save("jpegsave_buffer", on(im), set("Q", o.Quality), set("strip", true), set("optimize_coding", !j.plan.Coarse), set("interlace", o.Progressive))
	case variant.PNG:
		if o.Palette {
			return j.save("pngsave_buffer", on(im), set("strip", true), set("compression", pngCompression), set("palette", true))
		}
		return j.save("pngsave_buffer", on(im), set("strip", true), set("compression", pngCompression))
	case variant.WebP:
		if j.engine.Speed().Old { // its saver keeps its copy for ever if reading the picture fails
			im = j.materializeUnkillable(im)
		}
		return j.stripWebP(j.save("webpsave_buffer", on(im), set("Q", o.Quality), set("lossless", o.Lossless), set("effort", webpEffort)))
	case variant.AVIF:
		subsample := "auto"
		if o.Lossless { // 8.14 would halve the colours nevertheless
			subsample = "off"
		}
		return j.save("heifsave_buffer", on(im), set("strip", true), set("subsample_mode", subsample), set("Q", o.Quality), set("lossless", o.Lossless),
			set("compression", "av1"), set("effort", 9-j.engine.config.AVIFSpeed), set("bitdepth", 8))
	case variant.GIF:
		return j.save("gifsave_buffer", on(im), set("strip", true))
	}
	j.err = &resize.UnsupportedError{Option: "f_" + o.Format.String()}
	return nil
}

func (j job) stripWebP(data []byte) []byte {
	if j.err != nil {
		return nil
	}
	data, j.err = stripWebP(data)
	return data
}

// pngCompression is zlib's level, 1..9, and its own default: 9 takes much longer
// for a few percent.
const pngCompression = 6

// webpEffort is libwebp's method, 0..6, and its own default.
const webpEffort = 4

// fitting encodes at the best quality that gives no more bytes than the plan
// allows: the one asked for, or a lower one, found by halving in at most seven
// tries. What has no quality gets fewer colours. It gives nil where nothing fits,
// and how small it became.
func (j job) fitting(im pixels, o resize.Output) (out []byte, smallest int) {
	limit := j.plan.MaxBytes
	out = j.write(im, o)
	switch {
	case limit == 0 || j.err != nil || len(out) <= limit:
		return out, len(out)
	case o.Format == variant.PNG && !o.Palette && !o.Lossless && j.plan.Pixels() <= resize.SlowPixels:
		o.Palette = true
		return j.fitting(im, o)
	case o.Format == variant.PNG, o.Format == variant.GIF, o.Lossless:
		return nil, len(out)
	}
	return j.halving(im, o, len(out))
}

func (j job) halving(im pixels, o resize.Output, smallest int) (best []byte, least int) {
	for low, high := 1, o.Quality-1; low <= high && j.err == nil; {
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
