package vips

import (
	"fmt"
	"math"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/container"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/scans"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// run is the making of one picture.
type run struct {
	*op.Run
	drawnMark op.Image // the watermark, once it is drawn
}

// newRun begins work on a picture. The caller closes the run.
func newRun() *run { return &run{Run: op.New()} }

// another begins more work on the same picture. It is to be closed before r is.
func (r *run) another() *run { return &run{Run: r.Another()} }

// job is one picture to be made, with its source and plan.
type job struct {
	*run
	engine *Engine
	src    []byte
	header header.Header
	plan   resize.Plan
	// lenient accepts a picture that is only partly decoded.
	lenient bool
}

// direct makes a picture with calls of package op.
func (e *Engine) direct(src []byte, h header.Header, p resize.Plan, lenient bool) ([]byte, error) {
	j := job{newRun(), e, src, h, p, lenient}
	defer j.Close()
	out := j.encode(j.picture())
	if j.Err != nil {
		return nil, j.explain()
	}
	return out, nil
}

// picture carries out the plan up to the encoding.
func (j job) picture() op.Image {
	im := j.load(j.source())
	if j.plan.Frames > 1 {
		return j.animation(im)
	}
	return j.compose(j.scaled(im))
}

// source is the picture as it is loaded for j's plan, and for others that may be loaded smaller.
func (j job) source(others ...resize.Plan) source {
	src, shrink := j.src, j.decoding().Shrink()
	switch {
	case j.lenient && j.header.Format == variant.WebP:
		src = container.PatchWebP(src)
	case !j.lenient && j.engine.config.LeavesOutScans(j.header): // of a broken picture, all that there is counts
		src = scans.Needed(src, j.decoding().Scans(engine.JPEGShrink(shrink), others...))
	}
	return source{
		bytes: src, header: j.header, page: j.plan.Page, frames: j.plan.Frames,
		shrink: shrink, lenient: j.lenient,
	}
}

func (j job) decoding() engine.Decoding { return engine.Decoding{Header: j.header, Plan: j.plan} }

// scaled resizes a loaded picture to the plan's size, cuts it and turns it upright, in
// sRGB with 8 bits.
func (j job) scaled(im op.Image) op.Image { return j.placed(j.bare(im, j.header), false, j.shrunk()) }

// shrunk is how many times smaller libjpeg has made the picture; 1 if it is no JPEG.
func (j job) shrunk() int {
	if j.header.Format == variant.JPEG {
		return engine.JPEGShrink(j.decoding().Shrink())
	}
	return 1
}

// placed scales, cuts, and turns upright what is decoded, which may be multiplied
// by its alpha already. It is scaled as it is stored: what is turned then is small.
// A JPEG was shrunk before.
func (j job) placed(im op.Image, premultiplied bool, shrunk int) op.Image {
	w, h, cut := j.plan.StoredPlan(j.header.Orientation)
	fromW, fromH := j.Size(im)
	across, down := float64(fromW), float64(fromH)
	if shrunk > 1 && !j.plan.Coarse {
		across, down = float64(j.header.Width)/float64(shrunk), float64(j.header.Height)/float64(shrunk)
	}
	back := func(im op.Image) op.Image { return im }
	if j.plan.Linear {
		if premultiplied {
			im, premultiplied = j.straight(im), false
		}
		l := j.linearized(im, w, h)
		back = l.back
		im, across, down = l.pixels, across/float64(l.across), down/float64(l.down)
	}
	if !premultiplied && j.hasAlpha(im) && (fromW != w || fromH != h) {
		im, premultiplied = j.premultiplied(im), true
	}
	if across != float64(fromW) || down != float64(fromH) {
		im = j.reducedExactly(im, w, h, across, down)
	}
	im = j.resize(im, w, h, j.filter())
	if (cut != resize.Rect{Width: w, Height: h}) {
		im = j.cut(im, cut)
	}
	if premultiplied {
		im = j.straight(im)
	}
	return j.upright(j.toSRGB(back(im), j.header), j.header.Orientation)
}

// reducedExactly reduces a picture to w x h that has across x down pixels after it was shrunk by
// a decoder, or for linear light. Where that is no whole number, the rest at the right and lower
// edge was left out, of a JPEG up to 7 pixels of the original. Were the picture stretched over the
// gap, it would be off by up to half a pixel of the result. So it gets the nearest number of
// pixels, and is reduced by as much as the original is.
func (j job) reducedExactly(im op.Image, w, h int, across, down float64) op.Image {
	nearW, nearH := int(math.Ceil(across-0.5)), int(math.Ceil(down-0.5))
	if fromW, fromH := j.Size(im); fromW != nearW || fromH != nearH {
		im = j.Do("embed", op.On(im), op.Set("x", 0), op.Set("y", 0), op.Set("width", nearW), op.Set("height", nearH), op.Set("extend", "copy"))
	}
	return j.Do("resize", op.On(im), op.Set("scale", float64(w)/across), op.Set("vscale", float64(h)/down), op.Set("kernel", j.filter()))
}

// filter is what a picture is reduced with. The simple one takes 20 to 25 ms less
// for a mezzanine.
func (j job) filter() string {
	if j.plan.Coarse {
		return "linear"
	}
	return "lanczos3"
}

// resize scales to exactly w x h.
func (r *run) resize(im op.Image, w, h int, kernel string) op.Image {
	fromW, fromH := r.Size(im)
	out := r.enlarged(r.reduced(im, min(w, fromW), min(h, fromH), kernel), w, h)
	if gotW, gotH := r.Size(out); r.Err == nil && (gotW != w || gotH != h) {
		r.Err = fmt.Errorf("scaled to %dx%d instead of %dx%d", gotW, gotH, w, h)
	}
	return out
}

func (r *run) reduced(im op.Image, w, h int, kernel string) op.Image {
	fromW, fromH := r.Size(im)
	if r.Err != nil || fromW == w && fromH == h {
		return im
	}
	return r.Do("resize", op.On(im), op.Set("scale", float64(w)/float64(fromW)), op.Set("vscale", float64(h)/float64(fromH)), op.Set("kernel", kernel))
}

// enlarged samples in the middle of pixels, so that turning before or after gives
// the same: vips_resize stands half a pixel of the result off.
func (r *run) enlarged(im op.Image, w, h int) op.Image {
	fromW, fromH := r.Size(im)
	if r.Err != nil || fromW == w && fromH == h {
		return im
	}
	x, y := float64(w)/float64(fromW), float64(h)/float64(fromH)
	return r.Do("affine", op.On(im), op.Set("matrix", []float64{x, 0, 0, y}), op.Set("interpolate", "bicubic"),
		op.Set("idx", 0.5), op.Set("idy", 0.5), op.Set("odx", -0.5), op.Set("ody", -0.5), op.Set("oarea", []float64{0, 0, float64(w), float64(h)}),
		op.Set("extend", "copy"), op.Set("premultiplied", true))
}

func (r *run) cut(im op.Image, c resize.Rect) op.Image {
	return r.Do("extract_area", op.Input("input", im),
		op.Set("left", c.Left), op.Set("top", c.Top), op.Set("width", c.Width), op.Set("height", c.Height))
}

// animation makes each frame by itself, so that none shows through at the edges
// of its neighbours, and puts them one below the other again, as libvips keeps
// animations.
func (j job) animation(roll op.Image) op.Image {
	delays, loop := j.Ints(roll, "delay"), j.Number(roll, "loop")
	frames := make([]op.Image, 0, j.plan.Frames)
	for i := range j.plan.Frames {
		if j.Err != nil {
			return nil
		}
		frame := j.cut(roll, resize.Rect{Top: i * j.header.Height, Width: j.header.Width, Height: j.header.Height})
		// In order: the roll can be read but once, from top to bottom.
		frames = append(frames, j.InMemory(j.compose(j.scaled(frame))))
	}
	all := j.Do("arrayjoin", op.Inputs("in", frames), op.Set("across", 1))
	_, height := j.plan.Size()
	all = j.WithInt(j.WithInt(all, "page-height", height), "loop", loop)
	if len(delays) < 2 {
		return all
	}
	return j.WithInts(all, "delay", delays[:min(len(delays), j.plan.Frames)])
}
