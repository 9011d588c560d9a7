package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	logBufferBytes = 64 << 10
	logFlushEvery  = time.Second
)

// logger writes to standard error. A busy server spends more on a system call for each
// line than on all else of a hit, so that lines wait in a buffer: for at most a second,
// and not at all from WARN on. stop flushes, too.
func (c *serveCmd) logger() (log *slog.Logger, flush, stop func()) {
	b := newLogBuffer(os.Stderr)
	var h slog.Handler = slog.NewTextHandler(b, nil)
	if c.Log == "json" {
		h = slog.NewJSONHandler(b, nil)
	}
	return slog.New(flushOnWarn{h, b}), b.Flush, b.flushEvery(logFlushEvery)
}

// logBuffer collects lines. What cannot be written is lost: a log must not fill the
// memory, nor stop the server.
type logBuffer struct {
	out io.Writer
	mu  sync.Mutex
	buf *bufio.Writer
}

func newLogBuffer(out io.Writer) *logBuffer {
	return &logBuffer{out: out, buf: bufio.NewWriterSize(out, logBufferBytes)}
}

// Write takes one line, which is never written in two parts unless it is larger than
// the buffer.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(line) > b.buf.Available() {
		b.flush()
	}
	return b.buf.Write(line)
}

// Flush writes what waits.
func (b *logBuffer) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flush()
}

func (b *logBuffer) flush() {
	if b.buf.Flush() != nil {
		b.buf.Reset(b.out) // which forgets the error, too
	}
}

// flushEvery flushes from time to time until stop is called, which flushes once more.
func (b *logBuffer) flushEvery(d time.Duration) (stop func()) {
	tick, done := time.NewTicker(d), make(chan struct{})
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

// flushOnWarn is a handler whose warnings and errors do not wait.
type flushOnWarn struct {
	slog.Handler
	buffer *logBuffer
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
