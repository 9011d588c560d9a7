package originals

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// LargeError is returned instead of an original that is larger than Config.RedirectRaw.
type LargeError struct {
	// Link makes a URL at which browsers get it from its origin.
	Link func(context.Context, storage.LinkOptions) (string, error)
}

// Error implements error.
func (*LargeError) Error() string { return "large enough for a redirect to its origin" }

// fetched is what a fetch leaves to all requests that have waited for it: a file on
// disk, or the body in memory where it is empty, forgotten or the disk does not work.
type fetched struct {
	fetched  bool   // false if it was on disk before anything was fetched
	epoch    uint64 // of the picture, when this was on disk; 0 if not fetched
	took     time.Duration
	inMemory bool
	data     []byte
	modTime  time.Time
	notKept  error
}

// fetchOnce joins or begins the one fetch of an original.
func (s *Store) fetchOnce(ctx context.Context, id ID, mode Mode) (*fetched, bool, error) {
	return s.fetching.Do(ctx, s.flightKey(id)+string(mode), func(ctx context.Context) (*fetched, error) {
		if mode != IntoMemory && s.IsCached(id) { // since this request has looked
			return &fetched{}, nil
		}
		return s.fetch(ctx, id, mode)
	})
}

// fetch brings an original from its origin to disk, and if it cannot be read from there
// into memory.
func (s *Store) fetch(ctx context.Context, id ID, mode Mode) (*fetched, error) {
	name := id.Name()
	if err := s.admitVersion(id); err != nil {
		return nil, err
	}
	epoch := s.epoch(id)
	known, _ := s.records.Get(name)
	began := s.Now()
	b, version, err := s.fetchFromOrigin(ctx, id, storage.Version{}, mode)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	f := &fetched{fetched: true, epoch: epoch, took: s.Now().Sub(began), modTime: b.ModTime, notKept: b.NotKept}
	forgotten := s.epoch(id) != epoch
	switch {
	case forgotten:
		_ = s.Cache.Remove(name)
	case s.Revalidate > 0 && known.differs(version):
		s.invalidate(id.Key)
		f.epoch = s.epoch(id)
	}
	s.confirm(id, f.epoch, b, version, time.Time{})
	if mode == IntoMemory || forgotten || b.NotKept != nil || b.Size == 0 || !s.IsCached(id) {
		f.inMemory = true
		f.data, err = b.Bytes()
	}
	return f, err
}

// fetchFromOrigin fetches an original from its origin and keeps it. If have is not zero the request is
// conditional (If-None-Match), and the error is storage.ErrNotModified if the origin still
// has that version.
func (s *Store) fetchFromOrigin(ctx context.Context, id ID, have storage.Version, mode Mode) (b *cache.Blob, version storage.Version, err error) {
	if err := s.isAbsent(id); err != nil {
		return nil, version, err
	}
	if s.ReadOnly() {
		return nil, version, ErrReadOnly
	}
	leave, err := s.Fetches.Enter(ctx, 1)
	if err != nil {
		return nil, version, err
	}
	defer leave()
	name := id.Name()
	began, epoch := s.Now(), s.forgets.At(name)
	body := &maxBytesReader{max: s.MaxBytes}
	b, version, err = s.download(ctx, id, have, mode, body)
	s.Observer.Fetched(s.Now().Sub(began), body.read, ignoreExpected(err))
	if failure.Of(err) == failure.NotFound {
		s.markAbsent(name, epoch)
	}
	return b, version, err
}

// ignoreExpected is nil for errors that are no failure of a fetch.
func ignoreExpected(err error) error {
	if _, ok := errors.AsType[*LargeError](err); ok || errors.Is(err, storage.ErrNotModified) {
		return nil
	}
	return err
}

func (s *Store) download(ctx context.Context, id ID, have storage.Version, mode Mode, body *maxBytesReader) (*cache.Blob, storage.Version, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.FetchTimeout, fmt.Errorf("%w: not done after %v", storage.ErrUnavailable, s.FetchTimeout))
	defer cancel()
	object, err := s.Origin.Open(ctx, string(id.Key), have)
	if err != nil {
		return nil, storage.Version{}, classify(ctx, err)
	}
	defer object.Body.Close()
	if mode == UnlessLarge && object.Link != nil && object.Size > s.RedirectRaw {
		return nil, storage.Version{}, &LargeError{object.Link}
	}
	if object.Size > s.MaxBytes {
		return nil, storage.Version{}, tooManyBytes(s.MaxBytes)
	}
	if err := object.Decode(ctx, s.Origin.String()); err != nil {
		return nil, storage.Version{}, err
	}
	body.r = object.Body
	s.note(ctx, id.Key)
	b, err := s.fill(ctx, id.Name(), body, object.ModTime, mode)
	if err != nil {
		return nil, storage.Version{}, classify(ctx, err)
	}
	return b, object.Version(), nil
}

// fill keeps an original. One that is needed in memory is read whole before it is written
// to disk, from where it may not come back.
func (s *Store) fill(ctx context.Context, name variant.Name, body io.Reader, modTime time.Time, mode Mode) (*cache.Blob, error) {
	if mode != IntoMemory {
		return s.Cache.Fill(ctx, name, body, modTime)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	kept, err := s.Cache.Fill(ctx, name, bytes.NewReader(data), modTime)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	b := cache.InMemory(data, kept.ModTime)
	b.NotKept = kept.NotKept
	return b, nil
}

// note writes the key to the journal. If that fails, the original is kept nevertheless.
func (s *Store) note(ctx context.Context, key variant.Key) {
	if s.Journal == nil {
		return
	}
	if err := s.Journal.Note(ctx, key); err != nil {
		s.Reporter.Warn("a key was not written to the journal; purging by prefix will not find it", "cause", err)
	}
}

// classify gives an error of the origin a class: our own time limit means that it did
// not answer, and so does an error without a class.
func classify(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		return context.Cause(ctx)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if c := failure.Of(err); c != failure.Unknown && c != failure.Canceled {
		return err
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}

// maxBytesReader gives an error instead of the first byte beyond max.
type maxBytesReader struct {
	r    io.Reader
	max  int64
	read int64 // bytes so far
}

func (m *maxBytesReader) Read(b []byte) (int, error) {
	if m.read > m.max {
		return 0, tooManyBytes(m.max)
	}
	n, err := m.r.Read(b[:min(int64(len(b)), m.max-m.read+1)])
	m.read += int64(n)
	if m.read > m.max {
		return 0, tooManyBytes(m.max)
	}
	return n, err
}

func tooManyBytes(limit int64) error {
	return fmt.Errorf("%w: more than %d bytes", ErrTooManyBytes, limit)
}

// YieldToFetches lets the fetches of requests go first, if background work will have to
// fetch an original.
func (s *Store) YieldToFetches(ctx context.Context, id ID) error {
	if s.Fetches.Dedicated() || s.IsCached(id) {
		return nil
	}
	leave, err := s.Fetches.EnterBackground(ctx, 1)
	if err == nil {
		leave()
	}
	return err
}
