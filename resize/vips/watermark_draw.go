package vips

import (
	"context"
	"fmt"
	"html"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

// checkWatermarks draws each once, so that a mistake is found at the start.
func (e *Engine) checkWatermarks() error {
	for _, w := range e.config.Watermarks {
		j := job{run: newRun(), engine: e}
		j.InMemory(j.mark(w, 100, 100))
		err := j.Err
		j.Close()
		if err != nil {
			return fmt.Errorf("the watermark %q cannot be drawn: %w", w.Name, err)
		}
	}
	return nil
}

// watermark puts the one that the plan names on im.
func (j job) watermark(im op.Image) op.Image {
	for _, w := range j.engine.config.Watermarks {
		if w.Name == j.plan.Watermark {
			return j.stamp(im, w)
		}
	}
	j.Err = fmt.Errorf("there is no watermark %q", j.plan.Watermark)
	return nil
}

// stamp blends a watermark into the part of im that it covers.
func (j job) stamp(im op.Image, w watermark.Watermark) op.Image {
	width, height := j.Size(im)
	if j.Interpretation(im) == op.InterpretationGrey {
		im = j.Do("colourspace", op.On(im), op.Set("space", "srgb"))
	}
	mark := j.mark(w, width, height)
	markW, markH := j.Size(mark)
	if j.Err != nil {
		return nil
	}
	left, top := place(width, markW, w.Margin, w.Gravity, 0), place(height, markH, w.Margin, w.Gravity, 1)
	if w.Tile {
		mark = j.tiled(mark, w.Margin, width, height)
		left, top = 0, 0
		markW, markH = width, height
	}
	seen := intersect(resize.Rect{Left: left, Top: top, Width: markW, Height: markH}, width, height)
	if seen.Width <= 0 || seen.Height <= 0 {
		return im
	}
	im = j.InMemory(im) // it is read twice
	top2 := j.cut(mark, resize.Rect{Left: seen.Left - left, Top: seen.Top - top, Width: seen.Width, Height: seen.Height})
	blended := j.blend(j.cut(im, seen), top2)
	if !j.hasAlpha(im) {
		blended = j.colours(blended)
	}
	return j.Do("insert", op.Input("main", im), op.Input("sub", blended), op.Set("x", seen.Left), op.Set("y", seen.Top))
}

// mark is the watermark in sRGB with alpha, in memory, for a result of width x height pixels.
// All frames of an animation share it.
func (j job) mark(w watermark.Watermark, width, height int) op.Image {
	if j.drawnMark != nil {
		return j.drawnMark
	}
	im := j.markOf(w, width, height)
	if j.Err == nil && w.Opacity < 1 {
		faint := j.Do("linear", op.On(j.alpha(im)), op.Set("a", w.Opacity), op.Set("b", 0.5), op.Set("uchar", true))
		im = j.Do("bandjoin", op.Inputs("in", []op.Image{j.colours(im), faint}))
	}
	j.drawnMark = j.InMemory(im)
	return j.drawnMark
}

func (j job) markOf(w watermark.Watermark, width, height int) op.Image {
	if w.Text != "" {
		return j.text(w, width, height)
	}
	h, err := resize.Inspect(context.Background(), j.engine, resize.InMemory(w.Image), j.engine.loads, 1)
	if err != nil {
		j.Err = err
		return nil
	}
	toW, toH := h.Upright()
	scale := markScale(w, width, height, toW, toH)
	toW, toH = max(1, int(float64(toW)*scale+0.5)), max(1, int(float64(toH)*scale+0.5))
	inner := job{j.run, j.engine, w.Image, h, resize.Plan{
		Frames: 1, ScaledW: toW, ScaledH: toH, Cut: resize.Rect{Width: toW, Height: toH}, CanvasW: toW, CanvasH: toH,
	}, false}
	im := inner.scaled(inner.load(inner.source()))
	if j.Interpretation(im) == op.InterpretationGrey {
		im = j.Do("colourspace", op.On(im), op.Set("space", "srgb"))
	}
	if !j.hasAlpha(im) {
		im = j.opaque(im)
	}
	return im
}

// markScale is by how much a mark of naturalW x naturalH is to be scaled for a result
// of width x height: to no more than that, as the rest would only use up memory.
func markScale(w watermark.Watermark, width, height, naturalW, naturalH int) float64 {
	scale := 1.0
	if w.Scale > 0 {
		scale = w.Scale * float64(width) / float64(naturalW)
	}
	return min(scale, float64(width)/float64(naturalW), float64(height)/float64(naturalH))
}

// textDPI makes a font of 12 points 12 pixels high.
const textDPI = 72

// text is a line of text: first as large as its font, and, if it is to be of a
// certain width, again with as many dots an inch as that takes.
func (j job) text(w watermark.Watermark, width, height int) op.Image {
	write := func(dpi int) op.Image {
		return j.Do("text", op.Set("text", html.EscapeString(w.Text)), op.Set("font", w.Font), op.Set("dpi", dpi))
	}
	mask := write(textDPI)
	naturalW, naturalH := j.Size(mask)
	if j.Err != nil || naturalW == 0 || naturalH == 0 {
		return nil
	}
	if scale := markScale(w, width, height, naturalW, naturalH); scale != 1 {
		mask = write(max(1, int(textDPI*scale)))
	}
	c := w.Color
	ink := j.Do("linear", op.On(j.Do("bandjoin", op.Inputs("in", []op.Image{mask, mask, mask}))),
		op.Set("a", []float64{0, 0, 0}), op.Set("b", []float64{float64(c.R), float64(c.G), float64(c.B)}), op.Set("uchar", true))
	ink = j.Do("copy", op.On(ink), op.Set("interpretation", "srgb"))
	if c.Set && c.A < 255 {
		mask = j.Do("linear", op.On(mask), op.Set("a", float64(c.A)/255), op.Set("b", 0.5), op.Set("uchar", true))
	}
	return j.Do("bandjoin", op.Inputs("in", []op.Image{ink, mask}))
}

// tiled repeats im over w x h pixels.
func (j job) tiled(im op.Image, margin, w, h int) op.Image {
	markW, markH := j.Size(im)
	tileW, tileH := markW+margin, markH+margin
	tile := j.InMemory(j.Do("embed", op.On(im), op.Set("x", margin/2), op.Set("y", margin/2), op.Set("width", tileW), op.Set("height", tileH)))
	all := j.Do("replicate", op.On(tile), op.Set("across", w/tileW+1), op.Set("down", h/tileH+1))
	return j.cut(all, resize.Rect{Width: w, Height: h})
}

// place is where something of that length stands on an axis.
func place(whole, length, margin int, g variant.Gravity, axis int) int {
	switch resize.GravityOffset(g, axis) {
	case 0:
		return margin
	case 2:
		return whole - length - margin
	}
	return (whole - length) / 2
}

// intersect is the part of r within w x h.
func intersect(r resize.Rect, w, h int) resize.Rect {
	left, top := max(r.Left, 0), max(r.Top, 0)
	return resize.Rect{Left: left, Top: top, Width: min(r.Left+r.Width, w) - left, Height: min(r.Top+r.Height, h) - top}
}
