package explain

import (
	"cmp"

	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/scans"
	"github.com/thumbery/thumbery/variant"
)

// EngineData is the Data of "engine": what the picture would be made of now, and how.
type EngineData struct {
	Input        string  `json:"input"`          // original or mezzanine
	WhyOriginal  string  `json:"why_original"`   // instead of a mezzanine
	Engine       string  `json:"engine"`         // bimg or vips
	WhyVips      string  `json:"why_vips"`       // instead of bimg
	Shrink       float64 `json:"shrink"`         // how many times smaller it is decoded
	Scans        int     `json:"scans"`          // of the JPEG that is decoded
	ScansLeftOut []int   `json:"scans_left_out"` // their numbers, from 1
}

func (s *story) engine(out *Section) {
	if s.planned == nil {
		out.unknown("Without a plan it is not known what makes the picture.")
		return
	}
	d := EngineData{Input: "original", WhyOriginal: s.whyOriginal(), Engine: "bimg", Shrink: 1, ScansLeftOut: []int{}}
	out.Data = &d
	h := *s.header
	if d.WhyOriginal == "" {
		d.Input, h = "mezzanine", s.inside.Header
		out.say("It is made of the mezzanine, a smaller copy of the original of %s pixels.", sides(h.Width, h.Height))
	} else {
		out.say("It is made of the original, and not of a mezzanine: %s.", d.WhyOriginal)
	}
	d.Scans, d.WhyVips = h.Scans, s.Engine.WhyNotBimg(h, *s.planned)
	if d.WhyVips == "" {
		out.say("bimg makes it: a plain JPEG that is scaled, cut and encoded.")
		return
	}
	d.Engine = "vips"
	out.say("Our own calls of libvips make it, and not bimg: %s.", d.WhyVips)
	s.shrunk(out, &d, h)
}

// whyOriginal says why the picture is not made of a mezzanine; "" if it is.
func (s *story) whyOriginal() string {
	if why := s.Pipeline.Mezzanines.WhyUnsuited(s.asked.Variant); why != "" {
		return why
	}
	if s.inside != nil {
		return resize.WhyMezzanineFails(s.inside.Header, *s.planned)
	}
	_, why := s.Pipeline.Render.Settings.PlanMezzanine(*s.header)
	return cmp.Or(why, "its mezzanine is not made yet, which happens in the background, after the first picture")
}

// shrunk says how much of a picture with header h is decoded.
func (s *story) shrunk(out *Section, d *EngineData, h header.Header) {
	decoding := engine.Decoding{Header: h, Plan: *s.planned}
	d.Shrink = decoding.Shrink()
	if h.Format != variant.JPEG {
		return
	}
	shrink := engine.JPEGShrink(d.Shrink)
	d.Shrink = float64(shrink)
	if shrink == 1 {
		out.say("The JPEG is decoded in its full size.")
	} else {
		out.say("The JPEG is decoded %d times smaller, and the rest of the reduction is done with a better filter.", shrink)
	}
	if s.known.Blob == nil || d.Input != "original" || !s.Engine.LeavesOutScans(h) {
		return
	}
	left, err := s.scansLeftOut(decoding.Scans(shrink))
	switch {
	case err != nil:
	case len(left) == 0:
		out.say("All of its %d scans are decoded.", d.Scans)
	default:
		d.ScansLeftOut = left
		out.say("Of its %d scans, these are not decoded, as the reduction does not need them: %v.", d.Scans, left)
	}
}

// scansLeftOut reads the JPEG, while no other explanation does.
func (s *story) scansLeftOut(u scans.Use) ([]int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	jpeg, err := s.known.Blob.Bytes()
	if err != nil {
		return nil, err
	}
	return scans.LeftOut(jpeg, u), nil
}

// source is the original on disk, for the engine.
func (s *story) source() render.Source {
	ref := originals.Ref{ID: s.request.ID(), Size: s.known.Blob.Size, ModTime: s.known.Blob.ModTime}
	return s.Pipeline.Originals.Source(ref, func() (resize.Source, func(), error) { return s.Pipeline.Originals.Reopen(ref) })
}
