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
	out := j.fitting(im, p.Output)
	if p.Plain.Format == 0 || j.err != nil {
		return out
	}
	if plain := j.fitting(im, p.Plain); len(plain) < len(out) {
		return plain
	}
	return out
}

// write encodes once.
func (j job) write(im pixels, o resize.Output) []byte {
	switch o.Format {
	case variant.JPEG:
		return j.save("jpegsave_buffer", on(im), set("Q", o.Quality), set("strip", true), set("optimize_coding", true), set("interlace", o.Progressive))
	case variant.PNG:
		if o.Palette {
			return j.save("pngsave_buffer", on(im), set("strip", true), set("compression", pngCompression), set("palette", true))
		}
		return j.save("pngsave_buffer", on(im), set("strip", true), set("compression", pngCompression))
	case variant.WebP:
		return j.stripWebP(j.save("webpsave_buffer", on(im), set("Q", o.Quality), set("lossless", o.Lossless), set("effort", webpEffort)))
	case variant.AVIF:
		return j.save("heifsave_buffer", on(im), set("strip", true), set("Q", o.Quality), set("lossless", o.Lossless),
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
// tries. What has no quality gets fewer colours.
func (j job) fitting(im pixels, o resize.Output) []byte {
	limit := j.plan.MaxBytes
	out := j.write(im, o)
	if limit == 0 || j.err != nil || len(out) <= limit {
		return out
	}
	switch {
	case o.Format == variant.PNG && !o.Palette && !o.Lossless:
		o.Palette = true
		return j.fitting(im, o)
	case o.Format == variant.PNG, o.Format == variant.GIF, o.Lossless:
		return j.doesNotFit(len(out))
	}
	return j.halving(im, o)
}

func (j job) halving(im pixels, o resize.Output) []byte {
	var best []byte
	smallest := 0
	for low, high := 1, o.Quality-1; low <= high && j.err == nil; {
		o.Quality = (low + high) / 2
		out := j.write(im, o)
		if len(out) <= j.plan.MaxBytes {
			best, low = out, o.Quality+1
		} else {
			smallest, high = len(out), o.Quality-1
		}
	}
	if best == nil && j.err == nil {
		return j.doesNotFit(smallest)
	}
	return best
}

func (j job) doesNotFit(smallest int) []byte {
	j.err = fmt.Errorf("%w: the smallest has %d", resize.ErrBytes, smallest)
	return nil
}
