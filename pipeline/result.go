package pipeline

import (
	"context"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/variant"
)

// Source says where an answer came from.
type Source uint8

// The values of Source.
const (
	FromMemory Source = iota // the memory tier
	FromDisk                 // the disk cache
	FromShared               // the tier that servers share
	Made                     // made for this request; of an original: fetched for it
)

// Result is an answer. Its Blob must be closed.
type Result struct {
	Blob *cache.Blob
	Name variant.Name // unique to the body, together with Blob.ModTime and Sum
	// Epoch is that of the picture when what the answer is made of was opened. If
	// Pipeline.Epoch returns another one by now, the picture was forgotten meanwhile, and
	// no cache may keep the answer.
	Epoch uint64
	// Sum is the CRC-32C of a derivative's body, since it may have been made from the
	// original or from a mezzanine. Of an original it is 0.
	Sum       uint32
	MediaType string
	Source    Source
	Stored    bool // is in the disk cache now
	Shared    bool // was made for another request that came before
	// Stale: the original is due for revalidation, and the origin could not be asked.
	Stale bool
	// Revalidating: the original is due for revalidation, and the origin is being asked.
	Revalidating bool
	// OriginDown: the circuit breaker of the original's origin is open.
	OriginDown bool
	// Provisional: there is a better picture, which takes long. It is being made for the
	// next request, unless too many of its kind are.
	Provisional bool
	// Location, if not "", is the URL to redirect to: Blob is empty.
	Location string
	Broken   bool          // made from a broken original: must not be cached
	Steps    []render.Step // what was done for it; not to be changed
	// Work, if Shared, is the context of the request that began the work, which may be over.
	Work context.Context
}

// close closes the Blob of a Result, if there is one.
func (r *Result) close() {
	if r != nil {
		r.Blob.Close()
	}
}

// setFreshness sets what a Result says of its original.
func (r *Result) setFreshness(f originals.Freshness) {
	r.Stale, r.Revalidating = f == originals.Error, f == originals.Revalidating
}

// found returns the Result for a derivative that was opened in an epoch.
func found(name variant.Name, epoch uint64, d derivatives.Derivative) *Result {
	source := FromDisk
	if d.InMemory {
		source = FromMemory
	}
	return &Result{Blob: d.Blob, Name: name, Epoch: epoch, Sum: d.Sum, MediaType: d.MediaType, Source: source, Stored: d.Stored}
}

// made is a derivative in memory, shared by all requests that have waited for it.
type made struct {
	derivatives.Body
	cost   shared.Cost // if it was made here
	answer Result      // without what result adds for each request
}

func (p *Pipeline) result(r Request, m *made, shared bool) *Result {
	a := m.answer
	a.Blob, a.Name, a.Sum, a.MediaType, a.Stored = m.Blob(), r.name, m.Sum, m.MediaType, m.Stored
	if a.Shared, a.OriginDown = shared, p.Originals.IsDown(r.Key); !shared {
		a.Work = nil
	}
	return &a
}

// fetchSteps are the steps that opening an original took.
func fetchSteps(o *originals.Original) []render.Step {
	if !o.Fetched {
		return nil
	}
	return []render.Step{{Name: "fetch", Took: o.Fetch}}
}
