package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// headerBytes bounds what is remembered of originals, for some 30,000 of them;
// headerSize is what a header takes.
const (
	headerBytes = 16 << 20
	headerSize  = 256
)

// measured is the header of an original of that size and time, so that it need
// not be read again for every derivative.
type measured struct {
	size    int64
	modTime time.Time
	header  header.Header
}

// inspect returns the header of a page of an original that is open. Where it is not
// known, it is read once for all simultaneous requests that need it.
func (p *Pipeline) inspect(ctx context.Context, o *original, i inspection) (header.Header, error) {
	if h, ok := p.knownHeader(i); ok {
		return h, nil
	}
	if err := p.readable(o.blob); err != nil { // by its first bytes, before it lines up
		return header.Header{}, err
	}
	h, _, err := p.inspecting.Do(ctx, i.flight()+o.blob.Path, func(ctx context.Context) (header.Header, error) {
		return p.inspectOnDisk(ctx, o.blob, i)
	})
	if errors.Is(err, errMoved) { // from the disk, while it is open here
		return p.inspectNow(ctx, o.blob, i)
	}
	return h, err
}

// inspection is a header that is wanted.
type inspection struct {
	seen
	page  int
	epoch uint64 // in which the original was opened
	last  bool   // for background work
}

// flight, with the path of the original, is the key under which equal inspections are
// coalesced. A request never joins one of background work, which has low priority.
func (i inspection) flight() string {
	return fmt.Sprintf("%s@%d %d %d %d %t", i.name, i.epoch, i.size, i.modTime.UnixNano(), max(i.page, 1), i.last)
}

// knownHeader is the header if it was read before. Those of other pages than the
// first are not kept.
func (p *Pipeline) knownHeader(i inspection) (header.Header, bool) {
	known, ok := p.headers.get(i.name)
	return known.header, ok && i.page <= 1 && known.size == i.size && known.modTime.Equal(i.modTime)
}

// readable tells by the first bytes whether an original is of a format that is read.
// What cannot be read at all is for Inspect to say.
func (p *Pipeline) readable(b *cache.Blob) error {
	var head [sniffBytes]byte
	n, err := b.At().ReadAt(head[:min(b.Size, sniffBytes)], 0)
	if n == 0 || err != nil && err != io.EOF {
		return nil
	}
	return header.Reads(head[:n], p.reads)
}

// inspectOnDisk inspects an original for all waiters. It opens the file again: the
// request that has opened b closes it when it leaves, before the others have their
// header. One in memory can be read after it is closed.
func (p *Pipeline) inspectOnDisk(ctx context.Context, b *cache.Blob, i inspection) (header.Header, error) {
	if h, ok := p.knownHeader(i); ok { // read while we were on our way here
		return h, nil
	}
	if b.Path != "" {
		var err error
		if b, err = p.peek(i.seen); err != nil {
			return header.Header{}, err
		}
		defer b.Close()
	}
	return p.inspectNow(ctx, b, i)
}

// inspectNow inspects an original when there is room for that.
func (p *Pipeline) inspectNow(ctx context.Context, b *cache.Blob, i inspection) (header.Header, error) {
	enter := p.inspections.Enter
	if i.last {
		enter = p.inspections.EnterBackground
	}
	leave, err := enter(ctx, 1)
	if err != nil {
		return header.Header{}, err
	}
	defer leave()
	end, err := p.begin(i.seen)
	if err != nil {
		return header.Header{}, err
	}
	defer end()
	ctx, cancel := context.WithTimeoutCause(ctx, p.Render.Timeout, resize.ErrTooSlow)
	defer cancel()
	h, err := header.InspectPage(ctx, b.At(), b.Size, p.reads, i.page)
	if err != nil {
		if context.Cause(ctx) == resize.ErrTooSlow {
			err = resize.ErrTooSlow
		}
		p.forgetBroken(i.name, err)
		return h, err
	}
	if i.page <= 1 {
		p.headers.put(i.name, i.epoch, measured{i.size, i.modTime, h})
	}
	return h, nil
}
