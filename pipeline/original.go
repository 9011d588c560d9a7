package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Original returns the bytes of the original of v as they are, or the Location of them,
// made as link says. Errors are those of originals.Store.Open.
func (p *Pipeline) Original(ctx context.Context, key variant.Key, v variant.Variant, link storage.LinkOptions) (*Result, error) {
	id := originals.IDOf(key, v)
	o, mediaType, err := p.Originals.OpenRaw(ctx, id)
	if large, ok := errors.AsType[*originals.LargeError](err); ok {
		location, err := large.Link(ctx, link)
		return &Result{Blob: cache.InMemory(nil, time.Time{}), Location: location, Source: Made}, err
	}
	if err != nil {
		return nil, err
	}
	source := FromDisk
	if o.Fetched {
		source = Made
	}
	r := &Result{
		Blob: o.Blob, Name: id.Name(), Epoch: o.Epoch, MediaType: mediaType, Source: source,
		Stored: o.Blob.NotKept == nil, Shared: o.Shared, OriginDown: p.Originals.IsDown(key), Steps: fetchSteps(o),
	}
	r.setFreshness(o.Freshness)
	return r, nil
}

// Locate finds the derivative of key for v on disk, under its name, for a web server to
// send, and notes its use. The Blob of the Result has Size, ModTime and Path, and usually
// no content. ok is false if it is not on disk, or not usable any more: then ask for it
// with Picture.
func (p *Pipeline) Locate(ctx context.Context, key variant.Key, v variant.Variant, name variant.Name) (r *Result, ok bool) {
	epoch := p.Epoch(name)
	d, ok := p.Derivatives.Locate(name)
	if !ok {
		return nil, false
	}
	r = found(name, epoch, d)
	if !p.isUsable(ctx, originals.IDOf(key, v), r) {
		r.close()
		return nil, false
	}
	return r, true
}

// Peek returns the derivative that Picture would find in memory or on disk, or with usable
// false one that is there, of another version of the original. It is nil if there is none. It
// notes no use, keeps nothing, and asks no origin. The Blob must be closed.
func (p *Pipeline) Peek(r Request) (result *Result, usable bool) {
	epoch := p.Epoch(r.name)
	d, ok := p.Derivatives.Peek(r.name)
	if !ok {
		return nil, false
	}
	result = found(r.name, epoch, d)
	f, _ := p.Originals.PeekFreshness(r.ID(), result.Blob.ModTime)
	result.setFreshness(f)
	result.OriginDown = p.Originals.IsDown(r.Key)
	return result, f.Usable()
}
