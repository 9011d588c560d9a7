package outage

import (
	"slices"

	"github.com/thumbery/thumbery/internal/testkit/faults"
	"github.com/thumbery/thumbery/internal/testkit/toxiproxy"
)

// Fault is a way in which S3 fails.
type Fault struct {
	Name string
	// Answers reports that some pictures may come through all the same.
	Answers bool
	// Hidden reports that it shows so late, as a length that was passed on and is
	// wrong, or bytes that come slowly and never stop, that another backend may not
	// be able to make up for it.
	Hidden bool
	begin  func(*Backend) error
}

// Faults returns all faults but Shortened.
func Faults() []Fault {
	wrong := slices.DeleteFunc(faults.All(), func(f faults.Fault) bool { return f == faults.ShorterLength })
	all := []Fault{
		{"connection refused", false, false, func(p *Backend) error { return p.toxi.Down() }},
		{"reset at once", false, false, toxic(toxiproxy.ResetPeer(0))},
		{"reset in the body", false, false, toxic(toxiproxy.LimitData(20_000), toxiproxy.Lingerless())},
		Silent(),
		{"30 s latency", false, false, toxic(toxiproxy.Latency(30_000))},
		{"10 kB/s", true, true, toxic(toxiproxy.Bandwidth(10))},
		{"small pieces", true, false, toxic(toxiproxy.Slicer(4_000, 100))},
		{"all at random", true, true, func(p *Backend) error { p.http.Mix(1, append(wrong, faults.None)...); return nil }},
	}
	for _, f := range wrong {
		all = append(all, answer(f))
	}
	return all
}

// Shortened answers with truncated pictures and a matching Content-Length: only the picture
// itself shows it.
func Shortened() Fault { return answer(faults.ShorterLength) }

// Silent never answers.
func Silent() Fault { return Fault{"silence", false, false, toxic(toxiproxy.Timeout(0))} }

// Late answers with a delay of a second.
func Late() Fault { return answer(faults.SlowHeader) }

func answer(f faults.Fault) Fault {
	answers := f == faults.SlowHeader || f == faults.SlowBody || f == faults.ShorterLength
	hidden := f == faults.LongerLength || f == faults.ShorterLength
	return Fault{f.String(), answers, hidden, func(p *Backend) error { p.http.Set(f); return nil }}
}

// toxic adds toxics and closes existing connections, on which some toxics would not act.
func toxic(toxics ...toxiproxy.Toxic) func(*Backend) error {
	return func(p *Backend) error {
		if err := p.toxi.Down(); err != nil {
			return err
		}
		if err := p.toxi.AddToxic(toxics...); err != nil {
			return err
		}
		return p.toxi.Up()
	}
}

// Break replaces the current fault, if any.
func (p *Backend) Break(f Fault) error {
	if err := p.Restore(); err != nil {
		return err
	}
	return f.begin(p)
}
