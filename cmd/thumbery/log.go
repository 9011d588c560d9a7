package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// logger writes to standard error. The caller closes it when nothing is logged
// any more.
func (c *serveCmd) logger() (*slog.Logger, io.Closer) {
	lines := &lineWriter{out: os.Stderr, now: time.Now}
	if c.Log == "json" {
		return slog.New(prompt{slog.NewJSONHandler(lines, nil), lines}), lines
	}
	return slog.New(prompt{slog.NewTextHandler(lines, nil), lines}), lines
}

// Each line by itself is a system call, which costs more than all else of a hit.
// So a busy server writes many at once: after the first few of a second they
// wait, for at most a second or until there are many.
const (
	promptLines = 100
	lineBuffer  = 64 << 10
	lineDelay   = time.Second
)

// lineWriter is a writer for logs, as described at promptLines. Every Write is a
// line.
type lineWriter struct {
	out io.Writer
	now func() time.Time

	mu      sync.Mutex
	waiting []byte
	second  int64 // the one that lines are counted of
	lines   int
	timer   *time.Timer // runs while lines wait; nil before the first time
}

// Write implements io.Writer. An error may be that of earlier lines.
func (l *lineWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if second := l.now().Unix(); second != l.second {
		l.second, l.lines = second, 0
	}
	l.lines++
	if len(l.waiting) == 0 && l.lines > promptLines {
		l.wake()
	}
	l.waiting = append(l.waiting, line...)
	if l.lines <= promptLines || len(l.waiting) >= lineBuffer {
		return len(line), l.flush()
	}
	return len(line), nil
}

// wake has the waiting lines written in a second, whatever happens.
func (l *lineWriter) wake() {
	if l.timer == nil {
		l.timer = time.AfterFunc(lineDelay, func() { _ = l.Flush() }) // nobody to tell
		return
	}
	l.timer.Reset(lineDelay)
}

// Flush writes what waits.
func (l *lineWriter) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush()
}

// flush is Flush for who holds the lock. What cannot be written is lost: a log
// must not fill the memory.
func (l *lineWriter) flush() error {
	if len(l.waiting) == 0 {
		return nil
	}
	_, err := l.out.Write(l.waiting)
	l.waiting = l.waiting[:0]
	return err
}

// Close writes what waits. Lines may be written afterwards all the same.
func (l *lineWriter) Close() error { return l.Flush() }

// prompt is a handler whose warnings and errors do not wait.
type prompt struct {
	slog.Handler
	lines *lineWriter
}

func (p prompt) Handle(ctx context.Context, r slog.Record) error {
	err := p.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		err = errors.Join(err, p.lines.Flush())
	}
	return err
}

func (p prompt) WithAttrs(attrs []slog.Attr) slog.Handler {
	return prompt{p.Handler.WithAttrs(attrs), p.lines}
}

func (p prompt) WithGroup(name string) slog.Handler {
	return prompt{p.Handler.WithGroup(name), p.lines}
}
