package logbuf

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sink counts writes, which stand for system calls.
type sink struct {
	mu     sync.Mutex
	all    bytes.Buffer
	writes int
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	return s.all.Write(p)
}

func wantLines(t *testing.T, when string, s *sink, lines, writes int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Count(s.all.String(), "\n"); got != lines || s.writes != writes {
		t.Errorf("%s: %d lines in %d writes, want %d in %d", when, got, s.writes, lines, writes)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		b := New(s)
		stop := b.Start()
		log := slog.New(b.FlushOnWarn(slog.NewTextHandler(b, nil)))
		for range 50 {
			log.Info("request")
		}
		wantLines(t, "at once", s, 0, 0)
		time.Sleep(flushEvery)
		synctest.Wait()
		wantLines(t, "a second later", s, 50, 1)
		log.Info("request")
		log.With("a", 1).WithGroup("g").Warn("something is wrong")
		wantLines(t, "a warning", s, 52, 2)
		log.Info("request")
		stop()
		wantLines(t, "stopped", s, 53, 3)
		log.Warn("late")
		wantLines(t, "a warning afterwards", s, 54, 4)
	})
}

// The buffer is bounded, and lines stay whole and in order.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	s := &sink{}
	b := New(writerFunc(func(p []byte) (int, error) {
		if !bytes.HasSuffix(p, []byte("\n")) {
			t.Errorf("a line was cut: %q", p)
		}
		return s.Write(p)
	}))
	for i := range 20000 {
		fmt.Fprintf(b, "line %d\n", i)
	}
	b.Flush()
	for i, line := range strings.Split(strings.TrimSpace(s.all.String()), "\n") {
		if line != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	wantLines(t, "all", s, 20000, 4)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A log that cannot be written is lost, and goes on when it can be written again.
func TestLogThatFails(t *testing.T) {
	t.Parallel()
	s, broken := &sink{}, true
	b := New(writerFunc(func(p []byte) (int, error) {
		if broken {
			return 0, io.ErrClosedPipe
		}
		return s.Write(p)
	}))
	for range 20000 {
		fmt.Fprintln(b, "lost")
	}
	b.Flush()
	broken = false
	fmt.Fprintln(b, "kept")
	b.Flush()
	if got := s.all.String(); got != "kept\n" {
		t.Errorf("%.100q", got)
	}
}
