package resize

// StoredPoint maps a pixel of the upright picture to the pixel as it is stored,
// for a stored picture of w x h pixels with one of the EXIF orientations 1..8.
func StoredPoint(orientation, w, h, x, y int) (storedX, storedY int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8:
		return w - 1 - y, x
	}
	return x, y
}

// StoredPlan returns the size to which p scales, and the rectangle that it cuts, in
// coordinates of the picture as it is stored, for an engine that rotates last.
func (p Plan) StoredPlan(orientation int) (scaledW, scaledH int, cut Rect) {
	w, h := p.ScaledW, p.ScaledH
	if orientation >= 5 {
		w, h = h, w
	}
	x0, y0 := StoredPoint(orientation, w, h, p.Cut.Left, p.Cut.Top)
	x1, y1 := StoredPoint(orientation, w, h, p.Cut.Left+p.Cut.Width-1, p.Cut.Top+p.Cut.Height-1)
	left, top := min(x0, x1), min(y0, y1)
	return w, h, Rect{Left: left, Top: top, Width: max(x0, x1) - left + 1, Height: max(y0, y1) - top + 1}
}
