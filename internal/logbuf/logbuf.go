// Package logbuf buffers the lines of a log. A busy server spends more on a system call
// for each line than on all else of a hit, so that lines wait: for at most a second, and
// not at all from WARN on.
package logbuf

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	bufferBytes = 64 << 10
	flushEvery  = time.Second
)

// Buffer collects lines. What cannot be written is lost: a log must not fill the
// memory, nor stop the server.
type Buffer struct {
	out io.Writer
	mu  sync.Mutex
	buf *bufio.Writer
}

// New returns an empty buffer before out.
func New(out io.Writer) *Buffer {
	return &Buffer{out: out, buf: bufio.NewWriterSize(out, bufferBytes)}
}

// Write takes one line, which is never written in two parts unless it is larger than
// the buffer.
func (b *Buffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(line) > b.buf.Available() {
		b.flush()
	}
	return b.buf.Write(line)
}

// Flush writes what waits.
func (b *Buffer) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flush()
}

func (b *Buffer) flush() {
	if b.buf.Flush() != nil {
		b.buf.Reset(b.out) // which forgets the error, too
	}
}

// Start flushes every second until stop is called, which flushes once more.
func (b *Buffer) Start() (stop func()) {
	tick, done := time.NewTicker(flushEvery), make(chan struct{})
	go func() {
		for {
			select {
			case <-tick.C:
				b.Flush()
			case <-done:
				return
			}
		}
	}()
	return func() {
		tick.Stop()
		close(done)
		b.Flush()
	}
}

// FlushOnWarn returns a handler for h, which writes to b. Warnings and errors do not wait
// in the buffer.
func (b *Buffer) FlushOnWarn(h slog.Handler) slog.Handler { return flushOnWarn{h, b} }

// flushOnWarn is a handler whose warnings and errors do not wait.
type flushOnWarn struct {
	slog.Handler
	buffer *Buffer
}

func (h flushOnWarn) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.buffer.Flush()
	}
	return err
}

func (h flushOnWarn) WithAttrs(attrs []slog.Attr) slog.Handler {
	return flushOnWarn{h.Handler.WithAttrs(attrs), h.buffer}
}

func (h flushOnWarn) WithGroup(name string) slog.Handler {
	return flushOnWarn{h.Handler.WithGroup(name), h.buffer}
}
