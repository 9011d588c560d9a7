package originals

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Original is an open original. Its Blob must be closed.
type Original struct {
	ID      ID
	Blob    *cache.Blob
	Epoch   uint64 // of its picture, before it was opened
	Fetched bool   // for this request or one that it has joined; else it was on disk
	Shared  bool   // another request had begun the fetch
	Fetch   time.Duration
	// Opened is when OpenInspected had opened it, before it was inspected.
	Opened time.Time
	// Freshness is one that is Usable.
	Freshness Freshness
	// Broken: what is made from it may be served, and must not be kept.
	Broken bool
}

// Ref is the original as it was opened.
func (o *Original) Ref() Ref { return Ref{o.ID, o.Blob.Size, o.Blob.ModTime} }

// Mode is how an original is opened. Fetches in different modes are not shared.
type Mode string

// The values of Mode.
const (
	ToDisk      Mode = ""
	IntoMemory  Mode = " into memory"  // too, and not looked for on disk, where reading has failed
	UnlessLarge Mode = " unless large" // the error is a *LargeError for what is larger than RedirectRaw
)

// Open opens an original from disk, or fetches it if it is not there or has changed.
//
// Errors are those of the origin, gate.ErrBusy, ErrReadOnly, ErrTooManyBytes,
// ErrTooManyVersions, a *LargeError, and that of ctx.
func (s *Store) Open(ctx context.Context, id ID, mode Mode) (*Original, error) {
	if mode == IntoMemory {
		return s.openFetched(ctx, id, mode)
	}
	epoch := s.epoch(id)
	b, err := s.Cache.Open(id.Name())
	if err != nil {
		return s.openFetched(ctx, id, mode)
	}
	f := s.CheckFreshness(ctx, id, b.ModTime)
	if !f.Usable() {
		b.Close()
		return s.openFetched(ctx, id, mode)
	}
	return &Original{ID: id, Blob: b, Epoch: epoch, Freshness: f}, nil
}

// openFetched fetches an original and opens it. If it was removed from the disk before
// that, as a purge may do, or another request that has found it broken, it is fetched
// once more, into memory.
func (s *Store) openFetched(ctx context.Context, id ID, mode Mode) (*Original, error) {
	epoch := s.epoch(id)
	ctx, end := s.Observer.Step(ctx, "fetch")
	f, shared, err := s.fetchOnce(ctx, id, mode)
	end(err)
	if err != nil {
		return nil, err
	}
	o := &Original{ID: id, Epoch: epoch, Fetched: f.fetched, Shared: shared, Fetch: f.took}
	if !f.inMemory {
		if b, err := s.Cache.Open(id.Name()); err == nil {
			o.Blob, o.Epoch = b, max(epoch, f.epoch)
			return o, nil
		}
		if f, o.Shared, err = s.fetchOnce(ctx, id, IntoMemory); err != nil {
			return nil, err
		}
		o.Fetched, o.Fetch = f.fetched, f.took
	}
	o.Blob = cache.InMemory(f.data, f.modTime)
	o.Blob.NotKept = f.notKept
	return o, s.holdInMemory(o.Blob)
}

// OpenRaw opens an original that is served unchanged, and returns its media type.
func (s *Store) OpenRaw(ctx context.Context, id ID) (o *Original, mediaType string, err error) {
	mode := ToDisk
	if s.RedirectRaw > 0 {
		mode = UnlessLarge
	}
	for {
		o, err := s.Open(ctx, id, mode)
		if err != nil {
			return nil, "", err
		}
		head, err := head(o.Blob)
		if err == nil {
			return o, header.SniffMediaType(head), nil
		}
		s.Reporter.ReadFailed(err)
		o.Blob.Close()
		mode = IntoMemory
	}
}

// head returns the first bytes of a body, as many as tell its format.
func head(b *cache.Blob) ([]byte, error) {
	head := make([]byte, min(b.Size, header.PrologBytes))
	n, err := b.At().ReadAt(head, 0)
	if err == io.EOF {
		err = nil
	}
	return head[:n], err
}

// IsCached reports that an original can be opened without a fetch. A disk may take what
// it does not give back.
func (s *Store) IsCached(id ID) bool {
	b, err := s.Cache.Open(id.Name())
	return err == nil && b.Close() == nil
}

// SourceOf makes a render.Source of an open original. Background work may be queued for
// long: the original is closed at once, and reopened when the work is admitted.
func (s *Store) SourceOf(o *Original, background bool) func() (src resize.Source, done func(error) error, err error) {
	ref := o.Ref()
	if background {
		o.Blob.Close()
		return s.Source(ref, func() (resize.Source, func(), error) { return s.Reopen(ref) })
	}
	return s.Source(ref, openerOf(o.Blob))
}

// Opener opens what a picture is made from. The caller calls close, unless err is not nil.
type Opener func() (src resize.Source, close func(), err error)

// Reopen is an Opener of an original that was seen before. It notes no use. The error is
// ErrMoved if the original is not the same any more.
func (s *Store) Reopen(ref Ref) (src resize.Source, close func(), err error) {
	b, err := s.Cache.Peek(ref.ID.Name())
	if err != nil {
		return src, nil, fmt.Errorf("%w: %v", ErrMoved, err)
	}
	if b.Size != ref.Size || !b.ModTime.Equal(ref.ModTime) {
		b.Close()
		return src, nil, ErrMoved
	}
	return SourceOf(b), func() { b.Close() }, nil
}

// openerOf is an Opener of a blob that is open, and stays so.
func openerOf(b *cache.Blob) Opener {
	return func() (resize.Source, func(), error) { return SourceOf(b), func() {}, nil }
}

// SourceOf returns a blob as a source, which can be used until the blob is closed.
func SourceOf(b *cache.Blob) resize.Source {
	if b.IsInMemory() {
		data, _ := b.Bytes() // which reads no file
		return resize.InMemory(data)
	}
	return resize.Source{At: b.At(), Size: b.Size, File: b.File()}
}

// Link makes a URL at which browsers get an original from its origin for a while, whether
// or not it exists there; of several origins, from the first that has such URLs. The
// error is storage.ErrUnavailable if none has.
func (s *Store) Link(ctx context.Context, key variant.Key, o storage.LinkOptions) (string, error) {
	linker, ok := s.Origin.(storage.Linker)
	if !ok {
		return "", fmt.Errorf("%w: it has no links", storage.ErrUnavailable)
	}
	return linker.Link(ctx, string(key), o)
}
