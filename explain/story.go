package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// story is what is known about one question, from one section to the next.
type story struct {
	Config
	reading  *sync.Mutex // as Engine.reading
	ctx      context.Context
	question Question
	report   Report
	remarks  [3][]string // what the summary may mention, by rank
	open     []*cache.Blob

	made    *Answer // with Question.Make
	path    variant.Path
	ops     variant.Ops
	asked   Asked
	refusal error // what the client gets instead of a picture
	parsed  bool
	answer  Answer // what a client gets now; its Status is 0 if only making it would tell

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
	s := &story{Config: e.config, reading: &e.reading, ctx: ctx, question: q, report: Report{URL: excerpt.Of(q.Path), Sections: []Section{}}}
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
	if s.known.Blob != nil {
		s.closing(s.known.Blob)
	}
	if s.asked.Variant.Kind == variant.Raw {
		s.result, s.usable = s.raw()
		return
	}
	if s.inside = s.Pipeline.Mezzanines.Peek(s.request.ID()); s.inside != nil {
		s.closing(s.inside.Blob)
		if s.known.QuarantinedUntil.IsZero() {
			s.known.QuarantinedUntil = s.Pipeline.Originals.PeekQuarantine(s.inside.Ref())
		}
	}
	s.result, s.usable = s.peek(s.request)
	next, ok := s.Pipeline.FasterAccept(s.request)
	if s.usable || !ok {
		return
	}
	s.first = s.Pipeline.NewRequest(s.asked.Key, s.asked.Variant, next)
	if found, usable := s.peek(s.first); usable {
		found.Provisional = true
		s.provisional = found
	}
}

// peek is Pipeline.Peek for as long as the story is told.
func (s *story) peek(r pipeline.Request) (result *pipeline.Result, usable bool) {
	if result, usable = s.Pipeline.Peek(r); result != nil {
		s.closing(result.Blob)
	}
	return result, usable
}

// closing has b closed when the story is told.
func (s *story) closing(b *cache.Blob) *cache.Blob {
	s.open = append(s.open, b)
	return b
}

func (s *story) close() {
	for _, b := range s.open {
		b.Close()
	}
}

// isProvisional reports that a faster format is served until the picture is made.
func (s *story) isProvisional() bool { return s.first.Name() != s.request.Name() }

// isServed reports that what is in the cache is an answer.
func (s *story) isServed() bool { return s.usable || s.provisional != nil }

// wasMade reports that Question.Make has given what the URL asks for.
func (s *story) wasMade() bool { return s.made != nil && s.made.Status < 300 }

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

// rank orders reasons that the summary may mention, the most important first.
type rank int

const (
	wrong     rank = iota // what is served is not what the URL asks for, or not for long
	otherwise             // the picture is another than the URL seems to say
	because               // why it is as it is
)

func (s *story) remark(r rank, format string, args ...any) {
	s.remarks[r] = append(s.remarks[r], fmt.Sprintf(format, args...))
}

// maxRemarks is how many reasons a summary has.
const maxRemarks = 3

// conclude says in a sentence what the sections say.
func (s *story) conclude() {
	s.report.Status, s.report.Outcome = s.answer.Status, s.answer.Outcome
	parts := append([]string{s.verdict()}, slices.Concat(s.remarks[:]...)...)
	s.report.Summary = ended(strings.Join(parts[:min(len(parts), 1+maxRemarks)], "; "))
}

func (s *story) verdict() string {
	if s.answer.failed() {
		return s.refusedAs()
	}
	what, from := s.what(), sourceOf[s.answer.Outcome]
	switch {
	case s.made != nil, s.usable:
		return "It is " + what + from
	case s.provisional != nil:
		return "It is " + typeNamed(s.provisional.MediaType) + from + ", until it is made: " + what
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
func (s *story) refusedAs() string {
	a := s.answer
	text := fmt.Sprintf("It is refused with %d (%s)", a.Status, a.Outcome)
	if a.Status == 302 {
		text = "The client is redirected to the original with 302 (" + a.Outcome + ")"
	}
	why := strings.TrimSuffix(a.Detail, ".")
	if s.made == nil && s.refusal != nil {
		why = reason(s.refusal)
	}
	if why != "" {
		text += ": " + why
	}
	return text
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
	if s.planned != nil {
		kind += " of " + sides(s.planned.Size()) + " pixels"
	}
	return kind
}
