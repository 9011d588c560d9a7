package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failpoint"
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
	p, err := s.spool(ctx)
	if err != nil {
		return nil, err
	}
	defer p.cleanup()
	if err := s.spoolAll(ctx, p, r); err != nil {
		return nil, err
	}
	modTime = wholeSeconds(modTime)
	if p.size == 0 {
		return s.fillEmpty(name, modTime)
	}
	if err := p.keep(name, modTime, s.opts.Now()); err != nil {
		return nil, err
	}
	if p.failure == nil && s.opts.Inventory != nil {
		s.opts.Inventory.Kept(s.kind, p.size)
	}
	return p.blob(path[s.root:], modTime), nil
}

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

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// spool is a body that is being stored. It is written to a file in tmp/. If that fails,
// what the file has is read back, and the body continues in memory.
type spool struct {
	store *Store

	file *os.File    // nil once the body is in memory or given to a Blob
	path string      // of the file while it is in tmp/; "" otherwise
	size int64       // bytes so far
	sum  uint32      // CRC-32C of what the file has
	stat unix.Stat_t // of the file when it was placed

	memory  bytes.Buffer
	failure error // why the body is in memory; nil while it is not

	isCounted bool // among the maxInMemory; only while space is low
}

// spool returns a new spool. While too little space is free it is one in memory.
func (s *Store) spool(ctx context.Context) (*spool, error) {
	if !s.opts.Free.Low() {
		return s.newSpool(), nil
	}
	select {
	case s.inMemory <- struct{}{}:
		return &spool{store: s, failure: cache.ErrNoRoom, isCounted: true}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Store) newSpool() *spool {
	p := &spool{store: s}
	path := tempPath(s.tmp)
	p.file, p.failure = p.store.system.create(path)
	if p.failure == nil {
		p.path = path
		failpoint.Reach("temp file created")
	}
	return p
}

// Write takes all of b, unless the file fails and cannot be read back.
func (p *spool) Write(b []byte) (int, error) {
	n := 0
	if p.failure == nil {
		var err error
		n, err = p.store.system.write(p.file, b)
		p.sum = crc32.Update(p.sum, castagnoli, b[:n])
		p.size += int64(n)
		if err == nil {
			failpoint.Reach("temp file written")
			return n, nil
		}
		if err := p.fallBackToMemory(err); err != nil {
			return n, err
		}
	}
	p.memory.Write(b[n:])
	p.size += int64(len(b) - n)
	return len(b), nil
}

// keep gives the file its times and its name. A body in memory stays there.
func (p *spool) keep(name variant.Name, modTime, now time.Time) error {
	if p.failure != nil {
		return nil
	}
	if err := p.place(name, modTime, now); err != nil {
		return p.fallBackToMemory(err)
	}
	return nil
}

// place sets the times before it syncs, so that they are on the disk with the body, and
// does both before the name becomes visible.
func (p *spool) place(name variant.Name, modTime, now time.Time) error {
	if err := p.store.system.stamp(p.path, now, modTime); err != nil {
		return fmt.Errorf("set the times of %s: %w", p.path, err)
	}
	failpoint.Reach("temp file stamped")
	if err := p.store.system.sync(p.file); err != nil {
		return fmt.Errorf("sync %s: %w", p.path, err)
	}
	failpoint.Reach("temp file synced")
	// The file system may round times: Open will see what it took.
	if err := unix.Fstat(int(p.file.Fd()), &p.stat); err != nil {
		return fmt.Errorf("stat %s: %w", p.path, err)
	}
	if err := p.store.system.place(p.path, name); err != nil {
		return fmt.Errorf("move %s into the cache: %w", p.path, err)
	}
	failpoint.Reach("temp file renamed")
	p.path = ""
	return nil
}

// fallBackToMemory reads what the file has into memory, where the body continues. The sum
// is checked because a kernel that failed to write a page may drop it, and show what the
// disk had there before.
func (p *spool) fallBackToMemory(cause error) error {
	data := make([]byte, p.size, p.size+bytes.MinRead)
	_, err := p.file.ReadAt(data, 0)
	if err == nil && crc32.Checksum(data, castagnoli) != p.sum {
		err = errors.New("the disk returned other bytes")
	}
	if err != nil {
		return fmt.Errorf("%w, and what was written cannot be read back: %w", cause, err)
	}
	p.failure = cause
	p.memory = *bytes.NewBuffer(data)
	p.cleanup()
	return nil
}

// blob returns the body, and gives the file to the Blob, if there is one. relative is the
// path at which the file was placed.
func (p *spool) blob(relative string, modTime time.Time) *cache.Blob {
	if p.failure != nil {
		b := cache.InMemory(p.memory.Bytes(), modTime)
		b.NotKept = fmt.Errorf("not stored on disk: %w", p.failure)
		return b
	}
	b := p.store.onDisk(p.file, &p.stat, relative)
	p.file = nil
	return b
}

// cleanup closes the file unless a Blob has it, and removes it from tmp/ unless it was
// placed.
func (p *spool) cleanup() {
	if p.file != nil {
		_ = p.file.Close()
		p.file = nil
	}
	if p.path != "" {
		_ = unix.Unlink(p.path)
		p.path = ""
	}
	if p.isCounted {
		<-p.store.inMemory
		p.isCounted = false
	}
}
