package vips

import "github.com/thumbery/thumbery/resize"

// animation makes each frame by itself, so that none shows through at the edges
// of its neighbours, and puts them one below the other again, as libvips keeps
// animations.
func (j job) animation(roll pixels) pixels {
	delays, loop := j.ints(roll, "delay"), j.number(roll, "loop")
	frames := make([]pixels, 0, j.plan.Frames)
	for i := range j.plan.Frames {
		if j.err != nil {
			return nil
		}
		frame := j.cut(roll, resize.Rect{Top: i * j.header.Height, Width: j.header.Width, Height: j.header.Height})
		// In order: the roll can be read but once, from top to bottom.
		frames = append(frames, j.inMemory(j.compose(j.scaled(frame))))
	}
	all := j.do("arrayjoin", inputs("in", frames), set("across", 1))
	_, height := j.plan.Size()
	all = j.withInt(j.withInt(all, "page-height", height), "loop", loop)
	if len(delays) < 2 {
		return all
	}
	return j.withInts(all, "delay", delays)
}
