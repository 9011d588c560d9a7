package explain

import (
	"fmt"

	"github.com/thumbery/thumbery/pipeline/originals"
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
	switch {
	case !s.parsed, s.asked.Variant.Kind == variant.Raw:
		out.State = Skipped
		return
	case s.planned == nil:
		out.State = Unknown
		out.say("Without a plan it is not known what makes the picture.")
		return
	}
	d := EngineData{Input: "mezzanine", ScansLeftOut: []int{}}
	out.Data = &d
	from := s.input(out, &d)
	s.how(out, &d, from)
}

// input says what the picture is made of, and returns its header.
func (s *story) input(out *Section, d *EngineData) header.Header {
	d.WhyOriginal = s.Pipeline.Mezzanines.WhyUnsuited(s.asked.Variant)
	if d.WhyOriginal == "" {
		switch {
		case s.inside != nil:
			d.WhyOriginal = resize.WhyMezzanineFails(s.inside.Header, *s.planned)
		default:
			_, d.WhyOriginal = s.Pipeline.Render.Settings.PlanMezzanine(*s.header)
			if d.WhyOriginal == "" {
				d.WhyOriginal = "its mezzanine is not made yet, which happens in the background, after the first picture"
			}
		}
	}
	if d.WhyOriginal == "" {
		out.say(fmt.Sprintf("It is made of the mezzanine, a smaller copy of the original of %s pixels.", sides(s.inside.Header.Width, s.inside.Header.Height)))
		return s.inside.Header
	}
	d.Input = "original"
	out.say("It is made of the original, and not of a mezzanine: " + d.WhyOriginal + ".")
	return *s.header
}

// how says what decodes and resizes a picture with that header.
func (s *story) how(out *Section, d *EngineData, h header.Header) {
	d.Engine, d.WhyVips = "bimg", s.Engine.WhyNotBimg(h, *s.planned)
	if d.WhyVips == "" {
		out.say("bimg makes it: a plain JPEG that is scaled, cut and encoded.")
	} else {
		d.Engine = "vips"
		out.say("Our own calls of libvips make it, and not bimg: " + d.WhyVips + ".")
	}
	d.Shrink, d.Scans = 1, h.Scans
	if d.Engine == "bimg" {
		return
	}
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
		out.say(fmt.Sprintf("The JPEG is decoded %d times smaller, and the rest of the reduction is done with a better filter.", shrink))
	}
	if s.Engine.LeavesOutScans(h) && d.Input == "original" {
		s.leavesOut(out, d, decoding.Scans(shrink))
	}
}

// leavesOut says which scans of a progressive JPEG are not decoded.
func (s *story) leavesOut(out *Section, d *EngineData, u scans.Use) {
	if s.known.Blob == nil {
		return
	}
	left, err := s.scansLeftOut(u)
	if err != nil {
		return
	}
	d.ScansLeftOut = append(d.ScansLeftOut, left...)
	switch len(left) {
	case 0:
		out.say(fmt.Sprintf("All of its %d scans are decoded.", d.Scans))
	case 1:
		out.say(fmt.Sprintf("Of its %d scans, number %d is not decoded, as the reduction does not need it.", d.Scans, left[0]))
	default:
		out.say(fmt.Sprintf("Of its %d scans, %d are not decoded, as the reduction does not need them: numbers %v.", d.Scans, len(left), left))
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

func (s *story) ref() originals.Ref {
	return originals.Ref{ID: s.request.ID(), Size: s.known.Blob.Size, ModTime: s.known.Blob.ModTime}
}

func (s *story) reopen(ref originals.Ref) originals.Opener {
	return func() (resize.Source, func(), error) { return s.Pipeline.Originals.Reopen(ref) }
}
