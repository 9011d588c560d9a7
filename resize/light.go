package resize

import "github.com/thumbery/thumbery/resize/header"

// linearSide is the longest side of results that are reduced in linear light. Larger ones would
// gain as much, for several times the CPU.
const linearSide = 640

// isThumbnail reports whether what p leaves of the picture is small, and was larger.
func (p Plan) isThumbnail(h header.Header) bool {
	w, height := h.Upright()
	return !h.Drawn() && max(p.Cut.Width, p.Cut.Height) <= linearSide && (p.ScaledW < w || p.ScaledH < height)
}
