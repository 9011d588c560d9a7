package disk

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// Fill implements cache.Store. Bytes are lost, and an error is returned, only if the disk
// fails so badly that what was written cannot be read back.
func (s *Store) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := s.newSpool()
	defer p.cleanup()
	if err := s.spoolAll(ctx, p, r); err != nil {
		return nil, err
	}
	modTime = wholeSeconds(modTime)
	if p.size == 0 {
		return s.fillEmpty(name, modTime)
	}
	if err := p.keep(name, modTime, s.now()); err != nil {
		return nil, err
	}
	return p.blob(path[s.root:], modTime), nil
}

// spoolAll copies r to p.
func (s *Store) spoolAll(ctx context.Context, p *spool, r io.Reader) error {
	buf := s.buffers.Get().(*[bufferBytes]byte)
	defer s.buffers.Put(buf)
	if _, err := io.CopyBuffer(p, contextReader{ctx, r}, buf[:]); err != nil {
		return err
	}
	return ctx.Err()
}

// fillEmpty removes the entry, since an empty file counts as a miss.
func (s *Store) fillEmpty(name variant.Name, modTime time.Time) (*cache.Blob, error) {
	b := cache.InMemory(nil, modTime)
	if err := s.Remove(name); err != nil {
		b.NotKept = fmt.Errorf("an older body remains: %w", err)
	}
	return b, nil
}

// contextReader ends a copy when ctx ends, even if the reader ignores ctx. It is no
// io.WriterTo, so that io.CopyBuffer uses its buffer.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// wholeSeconds is a modification time as a Blob has it.
func wholeSeconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.Unix(t.Unix(), 0).UTC()
}
