package originals

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// headerBytes bounds what is remembered of headers, for some 30,000 of them; headerSize
// is what one takes.
const (
	headerBytes = 16 << 20
	headerSize  = 256
)

// inspected is the header of an original of that size and time.
type inspected struct {
	size    int64
	modTime time.Time
	header  header.Header
}

// Inspection says which page's header to read, and how.
type Inspection struct {
	Page int // from 1; 0 is the first
	// Background gives the inspection low priority: no request waits for it.
	Background bool
	Mode       Mode // as for Open
}

// OpenInspected opens an original and returns its header. One that is broken on disk is
// fetched once more, since it may have been damaged there; if it stays so, the error is
// header.ErrBroken, or with Config.ServeBroken and a header that can be read the
// original is Broken. Other errors are those of Open, ErrQuarantined, resize.ErrTooSlow
// and those of package header.
func (s *Store) OpenInspected(ctx context.Context, id ID, i Inspection) (*Original, header.Header, error) {
	for again := true; ; again = false {
		o, err := s.Open(ctx, id, i.Mode)
		if err != nil {
			return nil, header.Header{}, err
		}
		o.Opened = s.Now()
		h, err := s.inspect(ctx, o, i)
		again = again && !o.Fetched && errors.Is(err, header.ErrBroken)
		o.Broken = !again && s.ServeBroken && errors.Is(err, header.ErrBroken) && h.Width > 0
		if err == nil || o.Broken {
			return o, h, nil
		}
		o.Blob.Close()
		if !again {
			return nil, header.Header{}, err
		}
	}
}

// inspect returns the header of an open original. If it is not known, it is read once
// for all simultaneous requests that need it.
func (s *Store) inspect(ctx context.Context, o *Original, i Inspection) (header.Header, error) {
	ref := o.Ref()
	if h, ok := s.knownHeader(ref, i.Page); ok {
		return h, nil
	}
	opened := openerOf(o.Blob)
	again := opened
	if o.Blob.Path != "" { // which is closed when its request leaves, before the others have their header
		again = func() (resize.Source, func(), error) { return s.Reopen(ref) }
	}
	h, _, err := s.inspecting.Do(ctx, inspectionFlight(o, i), func(ctx context.Context) (header.Header, error) {
		if h, ok := s.knownHeader(ref, i.Page); ok { // since this request has looked
			return h, nil
		}
		return s.inspectNow(ctx, ref, o.Epoch, again, i)
	})
	if errors.Is(err, ErrMoved) { // on disk, while it is open here
		return s.inspectNow(ctx, ref, o.Epoch, opened, i)
	}
	return h, err
}

// inspectionFlight is the key under which equal inspections are coalesced. A request
// never joins one of background work, which has low priority.
func inspectionFlight(o *Original, i Inspection) string {
	return fmt.Sprintf("%s@%d %d %d %d %t%s", o.ID.Name(), o.Epoch, o.Blob.Size, o.Blob.ModTime.UnixNano(), max(i.Page, 1), i.Background, o.Blob.Path)
}

// knownHeader is the header if it was read before. Only that of the first page is kept.
func (s *Store) knownHeader(ref Ref, page int) (header.Header, bool) {
	known, ok := s.headers.Get(ref.ID.Name())
	return known.header, ok && page <= 1 && known.size == ref.Size && known.modTime.Equal(ref.ModTime)
}

// KnownHeader is the header of an original's first page if it was read before, without
// opening the original.
func (s *Store) KnownHeader(id ID) (header.Header, bool) {
	known, ok := s.headers.Get(id.Name())
	return known.header, ok
}

// RememberHeader notes a header that was found out in an epoch.
func (s *Store) RememberHeader(ref Ref, epoch uint64, h header.Header) {
	s.headers.Put(ref.ID.Name(), epoch, inspected{ref.Size, ref.ModTime, h})
}

// inspectNow reads the header of an original that was opened in an epoch.
func (s *Store) inspectNow(ctx context.Context, ref Ref, epoch uint64, open Opener, i Inspection) (h header.Header, err error) {
	src, done, err := s.Source(ref, open)()
	if err != nil {
		return h, err
	}
	defer func() { // also after a panic
		err = done(err)
		s.RemoveIfBroken(ref.ID, err)
	}()
	h, err = s.Inspect(WithKey(ctx, ref.ID.Key), src, i.Page, i.Background)
	if err == nil && i.Page <= 1 {
		s.RememberHeader(ref, epoch, h)
	}
	return h, err
}

// RemoveIfBroken removes an original from the cache if work on it failed with
// header.ErrBroken, so that it is fetched again when it has been repaired. A file that is
// no picture stays: it can be requested as it is.
func (s *Store) RemoveIfBroken(id ID, err error) {
	if errors.Is(err, header.ErrBroken) {
		name := id.Name()
		s.headers.Forget(name)
		_ = s.Cache.Remove(name)
	}
}
