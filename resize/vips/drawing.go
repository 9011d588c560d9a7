package vips

import (
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// drawn draws a drawing, at the size that it has in the result. It is in memory,
// so that what is wrong with it shows here, and once.
func (r *run) drawn(s source) op.Image {
	im := r.sheet(s)
	if r.Err == nil {
		im = r.InMemory(im)
	}
	if r.Err != nil && !errors.Is(r.Err, resize.ErrNoMemory) {
		r.Err = fmt.Errorf("%w: it cannot be drawn: %v", header.ErrBroken, r.Err)
	}
	return im
}

// sheet opens a drawing so that it is as large as its header says. Pages of a PDF differ:
// they lie in the middle of a sheet of that size.
func (r *run) sheet(s source) op.Image {
	im := r.opened(s, s.shrink)
	w, h := r.Size(im)
	if r.Err != nil || s.allows(w, h) {
		return im
	}
	fullW, fullH := s.header.Exact()
	sheetW, sheetH := fullW/s.shrink, fullH/s.shrink
	im = r.opened(s, s.shrink/min(sheetW/float64(w), sheetH/float64(h)))
	extend := "white"
	if s.header.Format == variant.SVG {
		extend = "black" // of no alpha
	}
	im = r.Do("gravity", op.On(im), op.Set("direction", "centre"), op.Set("extend", extend),
		op.Set("width", max(1, int(sheetW+0.5))), op.Set("height", max(1, int(sheetH+0.5))))
	if w, h := r.Size(im); r.Err == nil && !s.allows(w, h) {
		r.Err = fmt.Errorf("its %dx%d pixels are not the %dx%d of its header", w, h, s.header.Width, s.header.Height)
	}
	return im
}

func (r *run) opened(s source, shrink float64) op.Image {
	args := []op.Arg{op.Set("scale", 1/shrink), op.Set("access", "sequential")}
	if s.header.Format == variant.PDF {
		args = append(args, op.Set("page", s.page))
	}
	return r.Open(loaders[s.header.Format].operation, s.bytes, args...)
}

// exactSides are the sides of a picture before they were rounded to pixels, as they are of a
// drawing: libvips says what they are when it is drawn larger, a small one much larger.
func (r *run) exactSides(src []byte, h header.Header) (width, height float64) {
	width, height = float64(h.Width), float64(h.Height)
	for scale := 100.0; h.Drawn() && scale <= 10_000 && max(width, height)*scale <= header.SourceSideMax; scale *= 100 {
		w, high := r.Size(r.opened(source{bytes: src, header: h}, 1/scale))
		width, height = float64(w)/scale, float64(high)/scale
		if max(width, height) > 100 {
			break
		}
	}
	return width, height
}
