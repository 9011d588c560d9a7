package explain

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// HeadersData is the Data of "headers".
type HeadersData struct {
	Status  int                 `json:"status"` // 0 if only making it would tell
	Headers map[string][]string `json:"headers"`
	Unknown []string            `json:"unknown"` // names of headers that only making it would tell
}

// headers decides what the answer is.
func (s *story) headers(out *Section) {
	d := HeadersData{Unknown: []string{}}
	out.Data = &d
	switch {
	case s.made != nil:
		s.answer = *s.made
	case s.refusal != nil, s.isServed():
		result := s.result
		if s.provisional != nil {
			result = s.provisional
		}
		s.answer = s.Public.Preview(s.question.Path, s.question.Header, result, s.refusal)
	default:
		s.answer = s.expected(&d)
		out.unknown("If it can be made, with status 200 and, besides these, %s:", strings.Join(d.Unknown, ", "))
	}
	switch s.answer.Fallback {
	case FallbackImage:
		d.Unknown = append(d.Unknown, "Content-Length", "Content-Type")
		out.say("The fallback image is sent instead of the problem document (--fallback). Besides these it has Content-Length and Content-Type:")
	case FallbackRedirect:
		d.Unknown = append(d.Unknown, "Location")
		out.say("The client is redirected to the original instead of getting the problem document (--fallback). Besides these there is Location:")
	}
	d.Status, d.Headers = s.answer.Status, s.answer.Header
	for _, name := range slices.Sorted(maps.Keys(d.Headers)) {
		out.say("%s: %s", name, strings.Join(d.Headers[name], ", "))
	}
}

// expected is what is known of the answer with a picture that is not made yet.
func (s *story) expected(d *HeadersData) Answer {
	result := pipeline.Result{
		Blob: cache.InMemory(nil, time.Time{}), Name: s.request.Name(), Epoch: s.Pipeline.Epoch(s.request.Name()), Source: pipeline.Made, Stored: true,
		OriginDown: s.known.Down, Provisional: s.isProvisional(),
	}
	d.Unknown = []string{"Content-Length", "Etag", "Last-Modified", "Server-Timing"}
	if s.planned != nil && !result.Provisional && s.planned.Plain.Format == variant.FormatKeep && s.asked.Variant.Kind == variant.Picture {
		result.MediaType = header.MediaType(s.planned.Output.Format)
	} else {
		d.Unknown = append(d.Unknown, "Content-Type")
	}
	a := s.Public.Preview(s.question.Path, s.question.Header, &result, nil)
	for _, name := range d.Unknown {
		delete(a.Header, name)
	}
	return Answer{Outcome: "miss", Header: a.Header}
}

// TimeData is the Data of "time".
type TimeData struct {
	Milliseconds float64 `json:"ms"` // from the request to the end of the answer
	Steps        []Step  `json:"steps"`
}

// Step is one part of the work for an answer.
type Step struct {
	Name         string  `json:"name"`
	Milliseconds float64 `json:"ms"`
}

func (s *story) time(out *Section) {
	if s.made == nil {
		out.unknown("How long it takes is not estimated: it is known %s.", onceMade)
		return
	}
	d := TimeData{float64(s.made.Took.Microseconds()) / 1000, []Step{}}
	out.Data = &d
	for part := range strings.SplitSeq(strings.Join(s.made.Header["Server-Timing"], ", "), ", ") {
		name, duration, _ := strings.Cut(part, ";dur=")
		if ms, err := strconv.ParseFloat(duration, 64); err == nil {
			d.Steps = append(d.Steps, Step{name, ms})
			out.say("%s: %s ms.", name, duration)
		}
	}
	if len(d.Steps) == 0 {
		out.say("Nothing had to be made.")
	}
	out.say("In all: %.1f ms.", d.Milliseconds)
}
