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

func (s *story) headers(out *Section) {
	d := HeadersData{Unknown: []string{}}
	out.Data = &d
	switch {
	case s.made != nil:
		d.Status, d.Headers = s.made.Status, s.made.Header
	case s.refusal != nil, s.isServed():
		a := s.preview()
		d.Status, d.Headers = a.Status, a.Header
		s.instead(out, &d, a.Fallback)
	default:
		s.expected(&d)
		out.State = Unknown
		out.say("If it can be made, with status 200 and, besides these, " + strings.Join(d.Unknown, ", ") + ":")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Headers)) {
		out.say(name + ": " + strings.Join(d.Headers[name], ", "))
	}
}

// instead says what a fallback changes.
func (s *story) instead(out *Section, d *HeadersData, f Fallback) {
	switch f {
	case FallbackImage:
		d.Unknown = append(d.Unknown, "Content-Length", "Content-Type")
		out.say("The fallback image is sent instead of the problem document (--fallback). Besides these it has Content-Length and Content-Type:")
	case FallbackRedirect:
		d.Unknown = append(d.Unknown, "Location")
		out.say("The client is redirected to the original instead of getting the problem document (--fallback). Besides these there is Location:")
	}
}

// expected is what is known of the headers of a picture that is not made yet.
func (s *story) expected(d *HeadersData) {
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
	d.Headers = s.Public.Preview(s.question.Path, s.question.Header, &result, nil).Header
	for _, name := range d.Unknown {
		delete(d.Headers, name)
	}
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
		out.State = Unknown
		out.say("How long it takes is not estimated: it is known " + onceMade + ".")
		return
	}
	d := TimeData{float64(s.made.Took.Microseconds()) / 1000, []Step{}}
	for _, value := range s.made.Header["Server-Timing"] {
		for part := range strings.SplitSeq(value, ", ") {
			name, duration, _ := strings.Cut(part, ";dur=")
			ms, err := strconv.ParseFloat(duration, 64)
			if err == nil {
				d.Steps = append(d.Steps, Step{name, ms})
				out.say(name + ": " + duration + " ms.")
			}
		}
	}
	if len(d.Steps) == 0 {
		out.say("Nothing had to be made.")
	}
	out.say("In all: " + strconv.FormatFloat(d.Milliseconds, 'f', 1, 64) + " ms.")
	out.Data = &d
}
