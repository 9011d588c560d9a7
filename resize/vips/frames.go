package vips

import (
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips/op"
)

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
	return j.WithInts(all, "delay", delays)
}
