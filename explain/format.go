package explain

import (
	"cmp"
	"path"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// FormatData is the Data of "format".
type FormatData struct {
	Asked  string `json:"asked"`  // by the URL: keep, auto, or a format
	Format string `json:"format"` // of the result; of a plan, the one that is made first
	Why    string `json:"why"`
	// Accept is what the client says of formats, and Candidates what f_auto weighed, the
	// preferred first.
	Accept     []string    `json:"accept"`
	Candidates []Candidate `json:"candidates"`
}

// Candidate is a format that f_auto may choose.
type Candidate struct {
	Format string `json:"format"`
	Made   bool   `json:"made"`            // it is encoded, and sent if it has the fewest bytes
	Why    string `json:"why"`             // it is made, or not
	Bytes  int64  `json:"bytes,omitempty"` // of the picture in this format; 0 if not known
}

func (s *story) format(out *Section) {
	if s.planned == nil && !s.usable {
		out.unknown("Without a plan the format is not known.")
		return
	}
	d := FormatData{Asked: s.asked.Variant.Format.String(), Accept: []string{}, Candidates: []Candidate{}}
	out.Data = &d
	if s.planned != nil {
		d.Format, d.Why = s.planned.Output.Format.String(), s.notes.Format
		out.say("The format is %s: %s.", proper(s.planned.Output.Format), d.Why)
	}
	if s.asked.Variant.Format == variant.FormatAuto {
		s.weighed(out, &d)
	}
	if s.usable {
		d.Format = path.Base(s.result.MediaType)
		out.say("The file in the cache is %s.", typeNamed(s.result.MediaType))
	}
	if s.planned != nil && s.planned.Output.Format == variant.PNG && s.header.Format == variant.PNG {
		s.grown(out)
	}
}

// grown says why a PNG may have more bytes than the original.
func (s *story) grown(out *Section) {
	if s.planned.Output.Palette {
		out.say("The PNG has a palette of at most 256 colours, as the original has one.")
	} else {
		out.say("A PNG is lossless: it can have more bytes than the original, if that was optimized, had fewer colours, or is reduced to more of them. f_auto or f_webp gives fewer.")
	}
	if s.known.Blob != nil && s.usable && s.result.Blob.Size > s.known.Blob.Size {
		s.remark(because, "the PNG has more bytes than the original, as it is encoded anew without loss (%s instead of %s)", humanize.Comma(s.result.Blob.Size), bytesOf(s.known.Blob.Size))
	}
}

// weighed says what the client accepts, and what f_auto made of that.
func (s *story) weighed(out *Section, d *FormatData) {
	var accepted []string
	for _, f := range s.asked.Given.Formats() {
		d.Accept, accepted = append(d.Accept, f.String()), append(accepted, proper(f))
	}
	switch {
	case s.accept() == "":
		out.say("No Accept was given: a browser sends one, and may get another format.")
		s.remark(otherwise, "no Accept was given")
	case len(d.Accept) == 0:
		out.say("The client's Accept names none of AVIF, JPEG XL and WebP with at least the weight of JPEG and PNG.")
		s.remark(otherwise, "the client's Accept prefers none of AVIF, JPEG XL and WebP")
	default:
		out.say("The client accepts %s, the preferred first.", strings.Join(accepted, ", "))
	}
	if s.asked.Given&variant.SaveData != 0 {
		out.say("The client saves data (Save-Data: on).")
	}
	if s.planned != nil {
		s.compared(out, d)
	}
}

// compared says what becomes of each format that f_auto may choose.
func (s *story) compared(out *Section, d *FormatData) {
	for _, f := range []variant.Format{variant.AVIF, variant.JXL, variant.WebP} {
		c := s.candidate(f)
		d.Candidates = append(d.Candidates, c)
		if !c.Made {
			out.say("%s is not chosen: %s.", proper(f), c.Why)
			if why := s.tooLarge(f); why != "" {
				s.remark(otherwise, "%s is not chosen, as %s", proper(f), why)
			}
		}
	}
	if p := s.planned.Plain; p.Format != variant.FormatKeep {
		d.Candidates = append(d.Candidates, Candidate{p.Format.String(), true, "it is made for comparison", s.bytesAs(p, s.asked.Given&variant.SaveData)})
		out.say("%s and %s are both made, and the one with fewer bytes is sent.", proper(s.planned.Output.Format), proper(p.Format))
	} else if f := s.planned.Output.Format; f == variant.JPEG || f == variant.PNG || f == variant.GIF {
		d.Candidates = append(d.Candidates, Candidate{f.String(), true, s.notes.Format, s.bytesAs(s.planned.Output, s.asked.Given&variant.SaveData)})
	}
	var all []string
	for _, c := range d.Candidates {
		if c.Bytes > 0 {
			all = append(all, c.Format+" "+bytesOf(c.Bytes))
		}
	}
	if len(all) > 0 {
		out.say("In bytes: %s.", strings.Join(all, ", "))
	}
	if s.isProvisional() {
		out.say("A faster format is sent first, for a minute, while the better one is made in the background (--adaptive).")
		s.remark(wrong, "a faster format is sent first")
	}
}

// tooLarge says why the result is too large for a format that the client would take; "" if it
// is not.
func (s *story) tooLarge(f variant.Format) string {
	for _, p := range s.notes.Passed {
		if p.Format == f && p.TooLarge {
			return p.Reason
		}
	}
	return ""
}

// acceptOf is what a client accepts that names nothing but a format.
var acceptOf = map[variant.Format]variant.Accept{
	variant.AVIF: variant.AcceptAVIF, variant.JXL: variant.AcceptJXL, variant.WebP: variant.AcceptWebP,
}

// candidate says whether a format is made, and why not.
func (s *story) candidate(f variant.Format) Candidate {
	c := Candidate{Format: f.String()}
	settings, accept := s.Pipeline.Render.Settings, s.asked.Given&variant.SaveData|acceptOf[f]
	o, made := s.planned.Output, s.planned.Output.Format == f
	if made {
		c.Made, c.Why = true, s.notes.Format
	} else {
		c.Why = s.whyNot(f)
		var n resize.Notes
		p, err := resize.NewPlanWithNotes(*s.header, s.variant, accept, settings, &n)
		if err != nil || p.Output.Format != f {
			return c
		}
		o = p.Output
	}
	c.Bytes = s.bytesAs(o, settings.NormalizeAccept(s.asked.Variant, accept))
	return c
}

// whyNot says why a format is not the one that is chosen.
func (s *story) whyNot(f variant.Format) string {
	given := s.asked.Given&acceptOf[f] != 0
	switch accept := s.accept(); {
	case !given && accept == "":
		return "no Accept was given"
	case !given && !strings.Contains(accept, header.MediaType(f)):
		return "the client's Accept does not name it"
	case !given:
		return "the client's Accept gives it no weight, or less than JPEG or PNG"
	}
	return cmp.Or(s.Pipeline.Render.Settings.WhyNotAccepted(s.asked.Variant, s.asked.Given, f), s.tooLarge(f), proper(s.planned.Output.Format)+" is preferred")
}

// accept is the client's Accept, in lower case.
func (s *story) accept() string {
	return strings.ToLower(strings.Join(s.question.Header["Accept"], ", "))
}

// bytesAs is how many bytes the picture has in an encoding: of the file that a client with that
// Accept gets, if it is in the cache and of that format, or made for this; 0 if not known.
func (s *story) bytesAs(o resize.Output, accept variant.Accept) int64 {
	found, usable := s.peek(s.Pipeline.NewRequest(s.asked.Key, s.asked.Variant, accept))
	if usable && found.MediaType == header.MediaType(o.Format) {
		return found.Blob.Size
	}
	if !s.wasMade() || s.refusal != nil || s.known.Blob == nil || s.planned.Frames > 1 {
		return 0
	}
	p := *s.planned
	p.Output, p.Plain = o, resize.Output{}
	data, err := s.encode(p)
	if err != nil {
		return 0
	}
	return int64(len(data))
}

// encode makes the picture by another plan, of what it is made of.
func (s *story) encode(p resize.Plan) ([]byte, error) {
	h, source := *s.header, s.source()
	if m := s.inside; m != nil && s.Pipeline.Mezzanines.Suits(s.asked.Variant) && resize.MezzanineSuffices(m.Header, p) {
		h, source = m.Header, s.Pipeline.Originals.Source(m.Ref(), m.Open)
	}
	return s.Pipeline.Render.RenderPlan(s.ctx, "explain", h, p, source)
}
