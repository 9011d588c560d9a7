package explain

import (
	"context"
	"errors"
	"strings"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// story is what is known about one question, from one section to the next.
type story struct {
	*Engine
	ctx      context.Context
	question Question
	report   Report
	remarks  []string // what the summary mentions, the most important first

	made    *Answer // with Question.Make
	path    variant.Path
	ops     variant.Ops
	asked   Asked
	refusal error // what the client gets instead of a picture
	parsed  bool

	request pipeline.Request
	result  *pipeline.Result // what is cached; nil if nothing is
	usable  bool             // it is served
	known   originals.Remembered
	header  *header.Header // of the original; nil if not known
	variant variant.Variant
	planned *resize.Plan
	notes   resize.Notes
	inside  *mezzanines.Mezzanine // that is used; nil for the original
}

// newStory reads the question, and makes the picture if it says so.
func (e *Engine) newStory(ctx context.Context, q Question) *story {
	s := &story{Engine: e, ctx: ctx, question: q, report: Report{URL: shortened(q.Path), Sections: []Section{}}}
	if q.Make {
		made := e.Public.Serve(ctx, q.Path, q.Header)
		s.made = &made
	}
	var parseErr, opsErr error
	s.path, parseErr = variant.ParsePath(q.Path)
	s.ops, opsErr = e.Presets.Parse(s.path.Ops)
	s.asked, s.refusal = e.Public.Read(q.Path, q.Header)
	s.parsed = parseErr == nil && opsErr == nil
	if !s.parsed {
		return s
	}
	s.variant = s.asked.Variant
	s.report.Canonical = variant.Path{Ops: s.ops.Canonical, Key: s.path.Key}.String()
	s.request = e.Pipeline.NewRequest(s.asked.Key, s.asked.Variant, s.asked.Accept)
	s.known = e.Pipeline.Originals.Remember(s.request.ID())
	if s.asked.Variant.Kind == variant.Raw {
		s.result, s.usable = s.raw()
	} else {
		s.result, s.usable = e.Pipeline.Peek(s.request)
	}
	return s
}

func (s *story) close() {
	if s.result != nil {
		s.result.Blob.Close()
	}
	if s.known.Blob != nil {
		s.known.Blob.Close()
	}
	if s.inside != nil {
		s.inside.Blob.Close()
	}
}

// refuse notes the end of a request, unless it has ended before, or what is cached is served.
func (s *story) refuse(section *Section, err error) {
	section.State = Refused
	if s.refusal == nil && !s.usable {
		s.refusal = err
	}
}

func (s *story) remark(text string) { s.remarks = append(s.remarks, text) }

// conclude says in a sentence what the sections say.
func (s *story) conclude() {
	r := &s.report
	switch {
	case s.made != nil:
		r.Status, r.Outcome = s.made.Status, s.made.Outcome
	case s.refusal != nil, s.usable:
		a := s.preview()
		r.Status, r.Outcome = a.Status, a.Outcome
	default:
		r.Outcome = "miss"
	}
	r.Summary = ended(strings.Join(append([]string{s.verdict()}, s.remarks[:min(len(s.remarks), maxRemarks)]...), "; "))
}

// maxRemarks is how many reasons a summary has.
const maxRemarks = 3

func (s *story) verdict() string {
	switch {
	case s.made != nil && s.made.Status >= 400:
		return "It is refused with " + number(s.made.Status) + " (" + s.made.Outcome + "): " + strings.TrimSuffix(s.made.Detail, ".")
	case s.refusal != nil:
		a := s.preview()
		return "It is refused with " + number(a.Status) + " (" + a.Outcome + "): " + reason(s.refusal)
	}
	switch what := s.what(); {
	case s.made != nil:
		return "It is " + what + sourceOf[s.made.Outcome]
	case s.usable:
		return "It is " + what + sourceOf[s.report.Outcome]
	case s.header == nil:
		return "It is not in the cache, and neither is its original: what would be made of it is known after make=1"
	default:
		return "It would be " + what + ", and is not in the cache"
	}
}

// sourceOf says where an answer comes from, by its outcome.
var sourceOf = map[string]string{
	"memory": ", from memory", "disk": ", from the disk", "bucket": ", from the tier that servers share", "miss": ", made now",
	"shared": ", made now for another request, too", "redirect": ", to which the client is redirected",
}

// what describes the picture.
func (s *story) what() string {
	switch {
	case s.asked.Variant.Kind == variant.Raw:
		return "the original as it is"
	case s.asked.Variant.Kind.IsInfo():
		return "JSON about the original"
	}
	kind := "a picture"
	if s.result != nil && s.usable {
		kind = typeNamed(s.result.MediaType)
	} else if s.planned != nil {
		kind = named(s.planned.Output.Format)
	}
	if s.planned == nil {
		return kind
	}
	w, h := s.planned.Size()
	return kind + " of " + sides(w, h) + " pixels"
}

// preview is the answer that a client would get now.
func (s *story) preview() Answer {
	return s.Public.Preview(s.question.Path, s.question.Header, s.result, s.refusal)
}

// reason is an error without the kind that its status says.
func reason(err error) string {
	if e, ok := errors.AsType[*variant.Error](err); ok {
		return e.Error()
	}
	return err.Error()
}
