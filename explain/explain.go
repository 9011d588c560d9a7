// Package explain answers why a picture looks as it does: what a URL means here, what is known
// of its original, how the picture is planned, made, encoded and kept, and what a client gets.
// The reasons are those of the code that decides (resize.Notes, engine.Config.WhyNotBimg and
// so on); this package puts them into words. Unless it is asked to make the picture, it
// makes, fetches and keeps nothing, and what it looks at does not count as used.
package explain

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/variant"
)

// Config is what an Engine is made of. Pipeline, Public and Now are required.
type Config struct {
	Pipeline *pipeline.Pipeline
	Public   Public
	variant.Rules
	// Keys are those that URLs are signed with; nil for none.
	Keys *variant.Keyring
	// MaySign says that an answer may have a valid signature: only clients with a secret get
	// it.
	MaySign bool
	// Engine is what the engine that makes pictures was told; zero for its defaults.
	Engine engine.Config
	// Backend, if not nil, names the origin of a key, "" if there is none.
	Backend func(variant.Key) string
	Now     func() time.Time
}

// Engine explains. It is safe for use by several goroutines; how many run at once, the caller
// bounds.
type Engine struct {
	config Config
	// reading is held while a whole JPEG is in memory, which no budget counts.
	reading sync.Mutex
}

// New returns an Engine.
func New(c Config) *Engine { return &Engine{config: c} }

// Question is what is to be explained.
type Question struct {
	Path   string              // of the URL, percent-decoded
	Header map[string][]string // of the client, spelled as net/http does
	// Make answers the URL as a client's request first, and makes pictures in each format that
	// FormatAuto weighs, which are not kept.
	Make bool
}

// Report is the answer, in the order of a request.
type Report struct {
	URL       string    `json:"url"`       // as asked, at most 2 KiB of it
	Canonical string    `json:"canonical"` // its canonical spelling, without a signature; "" if it cannot be parsed
	Status    int       `json:"status"`    // what a client would get now; 0 if only making it would tell
	Outcome   string    `json:"outcome"`   // "memory", "disk", "miss" and so on, or the last part of the problem's type
	Summary   string    `json:"summary"`   // one sentence
	Sections  []Section `json:"sections"`
}

// Section is one part of a Report.
type Section struct {
	Name  string   `json:"name"`  // url, signature, original, plan, engine, format, quality, file, headers, time
	State State    `json:"state"` // ok, refused, unknown or skipped
	Text  []string `json:"text"`  // sentences for people
	Data  any      `json:"data"`  // the same for programs: URLData for url, and so on; nil if nothing is known
}

// State says how far a section could be answered.
type State string

// The values of State.
const (
	OK      State = "ok"
	Refused State = "refused" // this is where the request ends
	Unknown State = "unknown" // only making it would tell
	Skipped State = "skipped" // it has no such part, or does not get as far
)

func (s *Section) say(format string, args ...any) {
	s.Text = append(s.Text, fmt.Sprintf(format, args...))
}

// unknown says why a section cannot be answered.
func (s *Section) unknown(format string, args ...any) {
	s.State = Unknown
	s.say(format, args...)
}

// Explain answers a question. Errors are part of the Report. A ctx that ends ends the work
// with Make.
func (e *Engine) Explain(ctx context.Context, q Question) Report {
	s := newStory(ctx, e, q)
	defer s.close()
	kind := s.asked.Variant.Kind
	for _, part := range []struct {
		name    string
		applies bool
		tell    func(*Section)
	}{
		{"url", true, s.url},
		{"signature", true, s.signature},
		{"original", s.parsed, s.original},
		{"plan", s.parsed && kind != variant.Raw, s.plan},
		{"engine", s.parsed && kind != variant.Raw, s.engine},
		{"format", s.parsed && kind == variant.Picture, s.format},
		{"quality", s.parsed && kind == variant.Picture, s.quality},
		{"file", s.parsed, s.file},
		{"headers", true, s.headers},
		{"time", true, s.time},
	} {
		section := Section{Name: part.name, State: Skipped, Text: []string{}}
		if part.applies {
			section.State = OK
			part.tell(&section)
		}
		s.report.Sections = append(s.report.Sections, section)
	}
	s.conclude()
	return s.report
}
