package explain

import (
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// PlanData is the Data of "plan". Rectangles are left, top, width and height.
type PlanData struct {
	Width  int `json:"width"` // of the result
	Height int `json:"height"`
	Frames int `json:"frames"` // that it may have
	Page   int `json:"page"`   // of the original that it begins with, from 1

	Upright [2]int  `json:"upright"` // sides of the original, turned upright
	Crop    [4]int  `json:"crop"`    // what the crop leaves of it, in its pixels
	Shown   [4]int  `json:"shown"`   // what can be seen of it in the result, in its pixels, rounded
	Scaled  [2]int  `json:"scaled"`  // to which all of it is scaled
	Scale   float64 `json:"scale"`   // Scaled to Upright, across
	Cut     [4]int  `json:"cut"`     // what is cut of that
	Canvas  [2]int  `json:"canvas"`  // that the cut is laid on
	Offset  [2]int  `json:"offset"`  // where on it

	NotEnlarged  bool `json:"not_enlarged"`
	CropClamped  bool `json:"crop_clamped"`
	FocalClamped bool `json:"focal_clamped"`
}

func (s *story) plan(out *Section) {
	switch {
	case !s.parsed, s.asked.Variant.Kind == variant.Raw:
		out.State = Skipped
		return
	case s.header == nil:
		out.State = Unknown
		out.say("The header of the original is not known.")
		return
	}
	h := *s.header
	if resize.NeedsLook(s.variant) && !s.looked(out) {
		out.State = Unknown
	}
	p, err := s.planFor(h)
	if err != nil {
		s.refuse(out, err)
		out.say(sentence(reason(err)))
		return
	}
	if out.State == Unknown {
		return
	}
	s.planned = &p
	out.Data = planData(h, p, s.notes)
	if s.variant.Kind.IsInfo() {
		out.say("The JSON is made of a small picture of " + sides(p.CanvasW, p.CanvasH) + " pixels.")
		return
	}
	s.sized(out, h, p)
	s.arranged(out, p)
}

// planFor is the plan of what is asked for.
func (s *story) planFor(h header.Header) (resize.Plan, error) {
	if s.variant.Kind.IsInfo() {
		return s.Pipeline.Render.Plan(h, s.variant, s.asked.Accept)
	}
	return resize.NewPlanWithNotes(h, s.variant, s.asked.Accept, s.Pipeline.Render.Settings, &s.notes)
}

// looked resolves trim and g_smart, for which the pixels have to be decoded.
func (s *story) looked(out *Section) bool {
	if !s.wasMade() || s.known.Blob == nil {
		out.say("trim and g_smart depend on the pixels of the original: the plan is known " + onceMade + ".")
		return false
	}
	ref := s.ref()
	v, err := s.Pipeline.Render.Look(s.ctx, *s.header, s.variant, s.Pipeline.Originals.Source(ref, s.reopen(ref)))
	if err != nil {
		out.say("The pixels could not be looked at: " + reason(err) + ".")
		return false
	}
	if v.Crop != s.variant.Crop {
		out.say(fmt.Sprintf("trim found a border, and leaves %s.", variant.Variant{Crop: v.Crop}))
	} else if s.variant.Trim > 0 {
		out.say("trim found no border.")
	}
	if s.variant.Gravity == variant.GravitySmart {
		out.say(fmt.Sprintf("g_smart found most to see at %.0f%% of the width and %.0f%% of the height.", 100*v.FocalX, 100*v.FocalY))
	}
	s.variant = v
	return true
}

func planData(h header.Header, p resize.Plan, n resize.Notes) *PlanData {
	w, height := p.Size()
	upW, upH := h.Upright()
	across, down := float64(upW)/float64(p.ScaledW), float64(upH)/float64(p.ScaledH)
	back := func(x int, by float64) int { return int(float64(x)*by + 0.5) }
	return &PlanData{
		Width: w, Height: height, Frames: p.Frames, Page: p.Page + 1, Upright: [2]int{upW, upH}, Crop: rect(n.Region),
		Shown:  [4]int{back(p.Cut.Left, across), back(p.Cut.Top, down), back(p.Cut.Width, across), back(p.Cut.Height, down)},
		Scaled: [2]int{p.ScaledW, p.ScaledH}, Scale: 1 / across, Cut: rect(p.Cut),
		Canvas: [2]int{p.CanvasW, p.CanvasH}, Offset: [2]int{p.OffsetX, p.OffsetY},
		NotEnlarged: n.NotEnlarged, CropClamped: n.CropClamped, FocalClamped: n.FocalClamped != [2]bool{},
	}
}

func rect(r resize.Rect) [4]int { return [4]int{r.Left, r.Top, r.Width, r.Height} }

// sized says how the result comes to its size.
func (s *story) sized(out *Section, h header.Header, p resize.Plan) {
	v, d := s.variant, planData(h, p, s.notes)
	if h.Orientation > 1 {
		out.say(fmt.Sprintf("The original is stored as %s, and turned upright by its orientation %d to %s: width, height and crop are of that.", sides(h.Width, h.Height), h.Orientation, sides(d.Upright[0], d.Upright[1])))
		s.remark(because, fmt.Sprintf("the original is turned upright by its orientation %d", h.Orientation))
	}
	if w, height := v.Box(); v.DPR != 0 && w+height > 0 {
		out.say(fmt.Sprintf("At dpr_%g the size in the URL, in CSS pixels, is %s in pixels of the picture.", v.DPR, box(w, height)))
	}
	if v.Crop.Set() {
		out.say(fmt.Sprintf("The crop leaves %s at %d,%d of the original.", sides(d.Crop[2], d.Crop[3]), d.Crop[0], d.Crop[1]))
	}
	if s.notes.CropClamped {
		out.say("The crop reaches beyond the edge of the original, and was made smaller.")
		s.remark(otherwise, "the crop is clamped by the edge of the original")
	}
	region := s.scaled(out, d)
	s.notEnlarged(out, d, p)
	if p.Cut.Width != region.Width || p.Cut.Height != region.Height {
		out.say(fmt.Sprintf("Of that %s at %d,%d is cut out, which is %s at %d,%d of the original%s.", sides(p.Cut.Width, p.Cut.Height), p.Cut.Left-region.Left, p.Cut.Top-region.Top, sides(d.Shown[2], d.Shown[3]), d.Shown[0], d.Shown[1], gravity(v)))
	}
	for axis := range s.notes.FocalClamped {
		if s.notes.FocalClamped[axis] {
			edge := s.focalEdge(axis, p, region)
			out.say("The focal point cannot be in the middle: the " + edge + " is too near.")
			s.remark(otherwise, "the focal point is clamped by the "+edge)
		}
	}
	if v.Width == 0 && v.Height == 0 {
		out.say("The URL gives no size: the picture keeps its own.")
	}
}

// scaled says to what the picture is scaled, or what the crop leaves of it, and returns where
// that is in the scaled picture.
func (s *story) scaled(out *Section, d *PlanData) resize.Rect {
	what, from := "All of it", [2]int{d.Upright[0], d.Upright[1]}
	to := resize.Rect{Width: d.Scaled[0], Height: d.Scaled[1]}
	if s.variant.Crop.Set() {
		what, from = "All of the crop", [2]int{d.Crop[2], d.Crop[3]}
		x, y := float64(d.Scaled[0])/float64(d.Upright[0]), float64(d.Scaled[1])/float64(d.Upright[1])
		by := func(n int, scale float64) int { return int(float64(n)*scale + 0.5) }
		to = resize.Rect{Left: by(d.Crop[0], x), Top: by(d.Crop[1], y), Width: by(d.Crop[2], x), Height: by(d.Crop[3], y)}
	}
	if d.Scaled == d.Upright {
		out.say(fmt.Sprintf("%s, %s, is not scaled.", what, sides(from[0], from[1])))
	} else {
		out.say(fmt.Sprintf("%s, %s, is scaled to %s (by %.4g).", what, sides(from[0], from[1]), sides(to.Width, to.Height), d.Scale))
	}
	return to
}

// notEnlarged says what follows where the picture is smaller than what is asked for.
func (s *story) notEnlarged(out *Section, d *PlanData, p resize.Plan) {
	w, h := s.variant.Box()
	switch {
	case !s.notes.NotEnlarged:
	case s.variant.Fit == variant.FitContain && w > 0 && h > 0:
		out.say("Nothing is enlarged without up_1: the picture is smaller than " + box(w, h) + ", and is not enlarged on its canvas.")
		s.remark(otherwise, "the picture is not enlarged on its canvas without up_1")
	case p.Cut.Width < w || p.Cut.Height < h:
		out.say(fmt.Sprintf("Nothing is enlarged without up_1: the picture is smaller than %s, so that the result is %s.", box(w, h), sides(d.Width, d.Height)))
		s.remark(otherwise, "it is smaller than asked for, as nothing is enlarged without up_1")
	}
}

// focalEdge names the edge that keeps the focal point from the middle: of the canvas if the
// picture is laid on one, and otherwise of what the cut is taken from.
func (s *story) focalEdge(axis int, p resize.Plan, region resize.Rect) string {
	of, names := "picture", [2][2]string{{"left", "right"}, {"upper", "lower"}}[axis]
	if s.variant.Crop.Set() {
		of = "crop"
	}
	cut, canvas, offset := [2]int{p.Cut.Width, p.Cut.Height}[axis], [2]int{p.CanvasW, p.CanvasH}[axis], [2]int{p.OffsetX, p.OffsetY}[axis]
	before, whole := [2]int{p.Cut.Left - region.Left, p.Cut.Top - region.Top}[axis], [2]int{region.Width, region.Height}[axis]
	if canvas > cut {
		of, before, whole = "canvas", offset, canvas
	}
	if 2*before+cut <= whole {
		return names[0] + " edge of the " + of
	}
	return names[1] + " edge of the " + of
}

func gravity(v variant.Variant) string {
	switch v.Gravity {
	case variant.GravityFocal:
		return fmt.Sprintf(", around the focal point %g,%g", v.FocalX, v.FocalY)
	case variant.GravityCenter:
		return ", from the middle"
	}
	return ", by its gravity"
}

func box(w, h int) string {
	switch {
	case h == 0:
		return number(w) + " wide"
	case w == 0:
		return number(h) + " high"
	}
	return sides(w, h)
}

// arranged says what else the plan does.
func (s *story) arranged(out *Section, p resize.Plan) {
	h := *s.header
	if p.Letterboxed() {
		out.say(fmt.Sprintf("It is laid at %d,%d on a canvas of %s.", p.OffsetX, p.OffsetY, sides(p.CanvasW, p.CanvasH)))
	}
	switch {
	case h.Pages > 1 && p.Frames > 1:
		out.say(fmt.Sprintf("All %d frames are kept.", p.Frames))
	case h.Pages > 1:
		out.say(fmt.Sprintf("Of %d frames or pages, one is taken: number %d. Only GIF and WebP keep animations, and neither page_ nor still does.", h.Pages, p.Page+1))
		s.remark(otherwise, "one frame or page of the original is taken")
	}
	if p.Rotate != 0 || p.Flip != variant.FlipNone {
		w, height := p.Size()
		out.say(fmt.Sprintf("It is then rotated or mirrored, to %s.", sides(w, height)))
	}
	if p.Effects.Restore {
		out.say("It is sharpened mildly, as the result is small and a quarter of the original or less (--no-sharpen).")
	}
	if p.Linear {
		out.say("It is reduced in linear light (--light linear).")
	}
	if h.Alpha && p.Flattened() {
		b := p.Background
		out.say(fmt.Sprintf("What is transparent becomes #%02x%02x%02x: the background of the URL, or white in a format without transparency.", b.R, b.G, b.B))
		s.remark(because, "transparent parts get a background")
	}
}
