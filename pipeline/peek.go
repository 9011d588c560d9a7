package pipeline

import (
	"github.com/thumbery/thumbery/pipeline/originals"
)

// Peek returns the derivative that Picture would find in memory or on disk, or with usable
// false one that is there, of another version of the original. It is nil if there is none. It
// notes no use, keeps nothing, and asks no origin. The Blob must be closed.
func (p *Pipeline) Peek(r Request) (result *Result, usable bool) {
	epoch := p.Epoch(r.name)
	d, ok := p.Derivatives.Peek(r.name)
	if !ok {
		return nil, false
	}
	found := found(r.name, epoch, d)
	f, _ := p.Originals.PeekFreshness(r.ID(), found.Blob.ModTime)
	found.Stale, found.Revalidating = f == originals.Error, f == originals.Revalidating
	found.OriginDown = p.Originals.IsDown(r.Key)
	return &found, f.Usable()
}
