package pipeline

import (
	"github.com/thumbery/thumbery/cache"
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
	FromOrigin               // made for this request, or fetched
)

// Result is an answer. Its Blob must be closed.
type Result struct {
	Blob *cache.Blob
	Name variant.Name // unique to the body, together with Blob.ModTime and Sum
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
	// Location, if not "", is where the bytes can be had instead: Blob is empty.
	Location string
	Broken   bool          // the original is, and so this is: nobody may keep it
	Steps    []render.Step // what was done for it; not to be changed
}

// close closes the Blob of a Result, if there is one.
func (r *Result) close() {
	if r != nil {
		r.Blob.Close()
	}
}

// found is the Result for a derivative that was found.
func found(name variant.Name, d derivatives.Derivative) Result {
	source := FromDisk
	if d.InMemory {
		source = FromMemory
	}
	return Result{Blob: d.Blob, Name: name, Sum: d.Sum, MediaType: d.MediaType, Source: source, Stored: d.Stored}
}

// rendered is a derivative in memory, shared by all requests that have waited for it.
type rendered struct {
	derivatives.Body
	source       Source
	broken       bool
	stale        bool   // as of the original
	revalidating bool   // as of the original
	epoch        uint64 // of the picture, before what it was made from was opened
	steps        []render.Step
}

func (p *Pipeline) result(r Request, m *rendered, shared bool) *Result {
	return &Result{
		Blob: m.Blob(), Name: r.name, Sum: m.Sum, MediaType: m.MediaType, Source: m.source,
		Stored: m.Stored, Shared: shared, Stale: m.stale, Revalidating: m.revalidating,
		OriginDown: p.Originals.IsDown(r.Key), Broken: m.broken, Steps: m.steps,
	}
}

// fetchSteps are the steps that opening an original took.
func fetchSteps(o *originals.Original) []render.Step {
	if !o.Fetched {
		return nil
	}
	return []render.Step{{Name: "fetch", Took: o.Fetch}}
}
