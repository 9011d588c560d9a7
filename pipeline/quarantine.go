package pipeline

import (
	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/variant"
)

// ErrQuarantined means that a process died while it worked on this original, which may
// have caused that. Nothing is made of it for a while.
var ErrQuarantined = failure.New(failure.Quarantined, "a process died while it worked on this picture")

// begin notes that work on an original, or on its mezzanine, begins. The caller calls
// end when it is over.
func (p *Pipeline) begin(of seen) (end func(), err error) {
	if p.Quarantine == nil {
		return func() {}, nil
	}
	end, ok := p.Quarantine.Begin(of.name, of.size, of.modTime)
	if !ok {
		return nil, ErrQuarantined
	}
	failpoint.Reach("picture begun")
	return end, nil
}

// source reads an original that was seen, or its mezzanine, for the engine. The
// quarantine knows of the work until it is over.
func (p *Pipeline) source(of seen, read reading) render.Source {
	return func() (src []byte, done func(), err error) {
		end, err := p.begin(of)
		if err != nil {
			return nil, nil, err
		}
		if src, err = read(); err != nil {
			end()
			return nil, nil, err
		}
		return src, end, nil
	}
}

// reading brings what something is made of into memory.
type reading = func() ([]byte, error)

// release lets a picture be worked on again.
func (p *Pipeline) release(key variant.Key) error {
	if p.Quarantine == nil {
		return nil
	}
	return p.Quarantine.Forget(key.Name())
}
