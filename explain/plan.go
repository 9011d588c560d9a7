package explain

import (
	"fmt"
	"strconv"

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
	if s.header == nil {
		out.unknown("The header of the original is not known.")
		return
	}
	h := *s.header
	if resize.NeedsLook(s.variant) && !s.looked(out) {
		out.State = Unknown
	}
	p, err := s.planFor(h)
	if err != nil {
		s.refuse(out, err)
		out.say("%s", sentence(reason(err)))
		return
	}
	if out.State == Unknown {
		return
	}
	s.planned = &p
	d := planData(h, p, s.notes)
	out.Data = d
	if s.variant.Kind.IsInfo() {
		out.say("The JSON is made of a small picture of %s pixels.", sides(p.CanvasW, p.CanvasH))
		return
	}
	s.sized(out, h, d)
	s.arranged(out, h, p)
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
		out.say("trim and g_smart depend on the pixels of the original: the plan is known %s.", onceMade)
		return false
	}
	v, err := s.Pipeline.Render.Look(s.ctx, *s.header, s.variant, s.source())
	if err != nil {
		out.say("The pixels could not be looked at: %s.", reason(err))
		return false
	}
	if v.Crop != s.variant.Crop {
		out.say("trim found a border, and leaves %s.", variant.Variant{Crop: v.Crop})
	} else if s.variant.Trim > 0 {
		out.say("trim found no border.")
	}
	if s.variant.Gravity == variant.GravitySmart {
		out.say("g_smart found most to see at %.0f%% of the width and %.0f%% of the height.", 100*v.FocalX, 100*v.FocalY)
	}
	s.variant = v
	return true
}

func planData(h header.Header, p resize.Plan, n resize.Notes) *PlanData {
	w, height := p.Size()
	upW, upH := h.Upright()
	across, down := float64(upW)/float64(p.ScaledW), float64(upH)/float64(p.ScaledH)
	return &PlanData{
		Width: w, Height: height, Frames: p.Frames, Page: p.Page + 1, Upright: [2]int{upW, upH}, Crop: rect(n.Region),
		Shown:  [4]int{rounded(p.Cut.Left, across), rounded(p.Cut.Top, down), rounded(p.Cut.Width, across), rounded(p.Cut.Height, down)},
		Scaled: [2]int{p.ScaledW, p.ScaledH}, Scale: 1 / across, Cut: rect(p.Cut),
		Canvas: [2]int{p.CanvasW, p.CanvasH}, Offset: [2]int{p.OffsetX, p.OffsetY},
		NotEnlarged: n.NotEnlarged, CropClamped: n.CropClamped, FocalClamped: n.FocalClamped != [2]bool{},
	}
}

func rect(r resize.Rect) [4]int { return [4]int{r.Left, r.Top, r.Width, r.Height} }

func rounded(pixels int, scale float64) int { return int(float64(pixels)*scale + 0.5) }

// sized says how the result comes to its size.
func (s *story) sized(out *Section, h header.Header, d *PlanData) {
	v := s.variant
	if h.Orientation > 1 {
		out.say("The original is stored as %s, and turned upright by its orientation %d to %s: width, height and crop are of that.", sides(h.Width, h.Height), h.Orientation, sides(d.Upright[0], d.Upright[1]))
		s.remark(because, "the original is turned upright by its orientation %d", h.Orientation)
	}
	if w, height := v.Box(); v.DPR != 0 && w+height > 0 {
		out.say("At dpr_%g the size in the URL, in CSS pixels, is %s in pixels of the picture.", v.DPR, box(w, height))
	}
	if v.Crop.Set() {
		out.say("The crop leaves %s at %d,%d of the original.", sides(d.Crop[2], d.Crop[3]), d.Crop[0], d.Crop[1])
	}
	if d.CropClamped {
		out.say("The crop reaches beyond the edge of the original, and was made smaller.")
		s.remark(otherwise, "the crop is clamped by the edge of the original")
	}
	region := s.scaled(out, d)
	s.notEnlarged(out, d)
	if d.Cut[2] != region[2] || d.Cut[3] != region[3] {
		out.say("Of that %s at %d,%d is cut out, which is %s at %d,%d of the original%s.", sides(d.Cut[2], d.Cut[3]), d.Cut[0]-region[0], d.Cut[1]-region[1], sides(d.Shown[2], d.Shown[3]), d.Shown[0], d.Shown[1], gravity(v))
	}
	for axis, clamped := range s.notes.FocalClamped {
		if clamped {
			edge := s.focalEdge(axis, d, region)
			out.say("The focal point cannot be in the middle: the %s is too near.", edge)
			s.remark(otherwise, "the focal point is clamped by the %s", edge)
		}
	}
	if v.Width == 0 && v.Height == 0 {
		out.say("The URL gives no size: the picture keeps its own.")
	}
}

// scaled says to what the picture is scaled, or what the crop leaves of it, and returns the
// rectangle of that in the scaled picture.
func (s *story) scaled(out *Section, d *PlanData) (to [4]int) {
	what, from := "All of it", d.Upright
	to = [4]int{2: d.Scaled[0], 3: d.Scaled[1]}
	if s.variant.Crop.Set() {
		what, from = "All of the crop", [2]int{d.Crop[2], d.Crop[3]}
		for i := range to {
			to[i] = rounded(d.Crop[i], float64(d.Scaled[i%2])/float64(d.Upright[i%2]))
		}
	}
	if d.Scaled == d.Upright {
		out.say("%s, %s, is not scaled.", what, sides(from[0], from[1]))
	} else {
		out.say("%s, %s, is scaled to %s (by %.4g).", what, sides(from[0], from[1]), sides(to[2], to[3]), d.Scale)
	}
	return to
}

// notEnlarged says what follows where the picture is smaller than what is asked for.
func (s *story) notEnlarged(out *Section, d *PlanData) {
	w, h := s.variant.Box()
	switch {
	case !d.NotEnlarged:
	case s.variant.Fit == variant.FitContain && w > 0 && h > 0:
		out.say("Nothing is enlarged without up_1: the picture is smaller than %s, and is not enlarged on its canvas.", box(w, h))
		s.remark(otherwise, "the picture is not enlarged on its canvas without up_1")
	case d.Cut[2] < w || d.Cut[3] < h:
		out.say("Nothing is enlarged without up_1: the picture is smaller than %s, so that the result is %s.", box(w, h), sides(d.Width, d.Height))
		s.remark(otherwise, "it is smaller than asked for, as nothing is enlarged without up_1")
	}
}

// focalEdge names the edge that keeps the focal point from the middle: of the canvas if the
// picture is laid on one, and otherwise of what the cut is taken from, which is region.
func (s *story) focalEdge(axis int, d *PlanData, region [4]int) string {
	of, cut, before, whole := "picture", d.Cut[2+axis], d.Cut[axis]-region[axis], region[2+axis]
	if s.variant.Crop.Set() {
		of = "crop"
	}
	if d.Canvas[axis] > cut {
		of, before, whole = "canvas", d.Offset[axis], d.Canvas[axis]
	}
	nearest := 1
	if 2*before+cut <= whole {
		nearest = 0
	}
	return [2][2]string{{"left", "right"}, {"upper", "lower"}}[axis][nearest] + " edge of the " + of
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
		return strconv.Itoa(w) + " wide"
	case w == 0:
		return strconv.Itoa(h) + " high"
	}
	return sides(w, h)
}

// arranged says what else the plan does.
func (s *story) arranged(out *Section, h header.Header, p resize.Plan) {
	if p.Letterboxed() {
		out.say("It is laid at %d,%d on a canvas of %s.", p.OffsetX, p.OffsetY, sides(p.CanvasW, p.CanvasH))
	}
	switch {
	case h.Pages > 1 && p.Frames > 1:
		out.say("All %d frames are kept.", p.Frames)
	case h.Pages > 1:
		out.say("Of %d frames or pages, one is taken: number %d. Only GIF and WebP keep animations, and neither page_ nor still does.", h.Pages, p.Page+1)
		s.remark(otherwise, "one frame or page of the original is taken")
	}
	if p.Rotate != 0 || p.Flip != variant.FlipNone {
		out.say("It is then rotated or mirrored, to %s.", sides(p.Size()))
	}
	if p.Effects.Restore {
		out.say("It is sharpened mildly, as the result is small and a quarter of the original or less (--no-sharpen).")
	}
	if p.Linear {
		out.say("It is reduced in linear light (--light linear).")
	}
	if h.Alpha && p.Flattened() {
		b := p.Background
		out.say("What is transparent becomes #%02x%02x%02x: the background of the URL, or white in a format without transparency.", b.R, b.G, b.B)
		s.remark(because, "transparent parts get a background")
	}
}
