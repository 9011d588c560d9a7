package main

import (
	"bytes"
	"errors"
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

func (s *sink) lines() (lines, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.all.String(), "\n"), s.writes
}

func wantLines(t *testing.T, when string, s *sink, lines, writes int) {
	t.Helper()
	if gotLines, gotWrites := s.lines(); gotLines != lines || gotWrites != writes {
		t.Errorf("%s: %d lines in %d writes, want %d in %d", when, gotLines, gotWrites, lines, writes)
	}
}

func TestLogOfBusyServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		w := &lineWriter{out: s, now: time.Now}
		log := slog.New(prompt{slog.NewTextHandler(w, nil), w})
		for range promptLines {
			log.Info("request")
		}
		wantLines(t, "few", s, promptLines, promptLines)
		for range 50 {
			log.Info("request")
		}
		wantLines(t, "many", s, promptLines, promptLines)
		log.With("a", 1).WithGroup("g").Warn("something is wrong")
		wantLines(t, "a warning", s, promptLines+51, promptLines+1)
		log.Info("request")
		time.Sleep(lineDelay)
		synctest.Wait()
		wantLines(t, "a second later", s, promptLines+52, promptLines+2)
		log.Info("request")
		wantLines(t, "quiet again", s, promptLines+53, promptLines+3)
		for range promptLines {
			log.Info("request")
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if lines, _ := s.lines(); lines != 2*promptLines+53 {
			t.Errorf("closed: %d lines, want %d", lines, 2*promptLines+53)
		}
	})
}

// What waits is bounded, and order is kept.
func TestLogIsBounded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := &sink{}
	w := &lineWriter{out: s, now: func() time.Time { return now }}
	for i := range 20000 {
		fmt.Fprintf(w, "line %d\n", i)
		if cap(w.waiting) > 2*lineBuffer {
			t.Fatalf("%d bytes wait", cap(w.waiting))
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(s.all.String()), "\n") {
		if line != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	if lines, writes := s.lines(); lines != 20000 || writes > promptLines+10 {
		t.Errorf("%d lines in %d writes", lines, writes)
	}
}

// A log that cannot be written does not fill the memory.
func TestLogThatFails(t *testing.T) {
	r, broken := io.Pipe()
	r.Close()
	w := &lineWriter{out: broken, now: time.Now}
	if _, err := w.Write([]byte("x\n")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v", err)
	}
	if len(w.waiting) != 0 {
		t.Errorf("%d bytes wait", len(w.waiting))
	}
}
