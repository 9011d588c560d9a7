package explain

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// story is what is known about one question, from one section to the next.
type story struct {
	Config
	reading  *sync.Mutex // as Engine.reading
	ctx      context.Context
	question Question
	report   Report
	remarks  []remark // what the summary may mention

	made    *Answer // with Question.Make
	answer  *Answer // what preview has returned
	path    variant.Path
	ops     variant.Ops
	asked   Asked
	refusal error // what the client gets instead of a picture
	parsed  bool

	request pipeline.Request
	result  *pipeline.Result // what is cached; nil if nothing is
	usable  bool             // it is served
	// first is the request that is answered instead, while the picture is not there: of a
	// faster format with --adaptive. provisional is what is cached of that, if it is served.
	first       pipeline.Request
	provisional *pipeline.Result
	known       originals.Remembered
	header      *header.Header // of the original; nil if not known
	variant     variant.Variant
	planned     *resize.Plan
	notes       resize.Notes
	inside      *mezzanines.Mezzanine // that may be used; nil if there is none
}

// newStory reads the question, and makes the picture if it says so.
func newStory(ctx context.Context, e *Engine, q Question) *story {
	s := &story{Config: e.config, reading: &e.reading, ctx: ctx, question: q, report: Report{URL: shortened(q.Path), Sections: []Section{}}}
	if q.Make {
		made := s.Public.Serve(ctx, q.Path, q.Header)
		s.made = &made
	}
	var parseErr, opsErr error
	s.path, parseErr = variant.ParsePath(q.Path)
	s.ops, opsErr = s.Presets.Parse(s.path.Ops)
	s.asked, s.refusal = s.Public.Read(q.Path, q.Header)
	s.parsed = parseErr == nil && opsErr == nil
	if s.parsed {
		s.lookUp()
	}
	return s
}

// lookUp finds out what is cached, and what is known of the original.
func (s *story) lookUp() {
	s.variant = s.asked.Variant
	s.report.Canonical = variant.Path{Ops: s.ops.Canonical, Key: s.path.Key}.String()
	s.request = s.Pipeline.NewRequest(s.asked.Key, s.asked.Variant, s.asked.Accept)
	s.first = s.request
	s.known = s.Pipeline.Originals.Remember(s.request.ID())
	if s.asked.Variant.Kind == variant.Raw {
		s.result, s.usable = s.raw()
		return
	}
	s.inside = s.Pipeline.Mezzanines.Peek(s.request.ID())
	s.result, s.usable = s.Pipeline.Peek(s.request)
	if next, ok := s.Pipeline.FasterAccept(s.request); ok && !s.usable {
		s.first = s.Pipeline.NewRequest(s.asked.Key, s.asked.Variant, next)
		s.lookUpFirst()
	}
}

// lookUpFirst finds what is served until the picture is made.
func (s *story) lookUpFirst() {
	found, usable := s.Pipeline.Peek(s.first)
	switch {
	case found == nil:
	case usable:
		found.Provisional = true
		s.provisional = found
	default:
		found.Blob.Close()
	}
}

// isProvisional reports that a faster format is served until the picture is made.
func (s *story) isProvisional() bool { return s.first.Name() != s.request.Name() }

// isServed reports that what is in the cache is an answer.
func (s *story) isServed() bool { return s.usable || s.provisional != nil }

// wasMade reports that Question.Make has given what the URL asks for.
func (s *story) wasMade() bool { return s.made != nil && s.made.Status < 300 }

func (s *story) close() {
	for _, r := range []*pipeline.Result{s.result, s.provisional} {
		if r != nil {
			r.Blob.Close()
		}
	}
	if s.known.Blob != nil {
		s.known.Blob.Close()
	}
	if s.inside != nil {
		s.inside.Blob.Close()
	}
}

// refuse notes the end of a request, unless it has ended before, or what is cached is served.
// Where another server may have made the picture, it is not known to end.
func (s *story) refuse(section *Section, err error) {
	switch {
	case s.refusal != nil:
		section.State = Refused
	case s.isServed():
	case s.asksShared() && failure.Of(err) != failure.Request:
		section.State = Unknown
	default:
		section.State, s.refusal = Refused, err
	}
}

// asksShared reports that the tier that servers share is asked before the original is opened.
func (s *story) asksShared() bool {
	return s.Pipeline.Derivatives.Shared != nil && s.asked.Variant.Kind != variant.Raw && !s.fromMezzanine()
}

// remark is a reason that the summary may mention.
type remark struct {
	rank rank
	text string
}

// rank orders remarks: the least is the most important.
type rank int

const (
	wrong     rank = iota // what is served is not what the URL asks for, or not for long
	otherwise             // the picture is another than the URL seems to say
	because               // why it is as it is
)

func (s *story) remark(r rank, text string) { s.remarks = append(s.remarks, remark{r, text}) }

// conclude says in a sentence what the sections say.
func (s *story) conclude() {
	r := &s.report
	switch {
	case s.made != nil:
		r.Status, r.Outcome = s.made.Status, s.made.Outcome
	case s.refusal != nil, s.isServed():
		a := s.preview()
		r.Status, r.Outcome = a.Status, a.Outcome
	default:
		r.Outcome = "miss"
	}
	slices.SortStableFunc(s.remarks, func(a, b remark) int { return int(a.rank - b.rank) })
	parts := []string{s.verdict()}
	for _, m := range s.remarks[:min(len(s.remarks), maxRemarks)] {
		parts = append(parts, m.text)
	}
	r.Summary = ended(strings.Join(parts, "; "))
}

// maxRemarks is how many reasons a summary has.
const maxRemarks = 3

func (s *story) verdict() string {
	switch {
	case s.made != nil && s.made.failed():
		return refusedAs(*s.made, strings.TrimSuffix(s.made.Detail, "."))
	case s.refusal != nil:
		return refusedAs(s.preview(), reason(s.refusal))
	}
	switch what := s.what(); {
	case s.made != nil:
		return "It is " + what + sourceOf[s.made.Outcome]
	case s.usable:
		return "It is " + what + sourceOf[s.report.Outcome]
	case s.provisional != nil:
		return "It is " + typeNamed(s.provisional.MediaType) + sourceOf[s.report.Outcome] + ", until it is made: " + what
	case s.header == nil:
		return "It is not in the cache, and its original is not known: what would be made of it is known " + onceMade
	default:
		return "It would be " + what + ", and is not in the cache"
	}
}

// onceMade is when what depends on the original is known.
const onceMade = "once it is made (make=1, --make)"

// failed reports that an answer is a problem, or a fallback.
func (a *Answer) failed() bool {
	_, hides := a.Header["X-Thumbery-Problem"]
	return hides || a.Status >= 400
}

// refusedAs says how a request is refused.
func refusedAs(a Answer, why string) string {
	text := "It is refused with " + number(a.Status) + " (" + a.Outcome + ")"
	if a.Fallback == FallbackRedirect || a.Status == 302 {
		text = "The client is redirected to the original with 302 (" + a.Outcome + ")"
	}
	if why == "" {
		return text
	}
	return text + ": " + why
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
		if p := s.planned.Plain.Format; p != variant.FormatKeep {
			kind += " or " + named(p) + ", whichever has fewer bytes,"
		}
	}
	if s.planned == nil {
		return kind
	}
	w, h := s.planned.Size()
	return kind + " of " + sides(w, h) + " pixels"
}

// preview is the answer that a client would get now.
func (s *story) preview() Answer {
	if s.answer == nil {
		result := s.result
		if s.provisional != nil {
			result = s.provisional
		}
		a := s.Public.Preview(s.question.Path, s.question.Header, result, s.refusal)
		s.answer = &a
	}
	return *s.answer
}

// reason is an error without the kind that its status says.
func reason(err error) string {
	if e, ok := errors.AsType[*variant.Error](err); ok {
		return e.Error()
	}
	if errors.Is(err, storage.ErrNotFound) {
		return "its original does not exist"
	}
	return err.Error()
}
