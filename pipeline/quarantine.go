package pipeline

import (
	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/failure"
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

// release lets a picture be worked on again.
func (p *Pipeline) release(key variant.Key) error {
	if p.Quarantine == nil {
		return nil
	}
	return p.Quarantine.Forget(key.Name())
}
