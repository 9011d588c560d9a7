package invalidation

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/variant"
)

func open(t *testing.T, dir string) *Log {
	t.Helper()
	l, err := New(dir, Options{Log: slog.New(slog.DiscardHandler), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func add(t *testing.T, l *Log, keys ...variant.Key) {
	t.Helper()
	if err := l.Append(t.Context(), keys...); err != nil {
		t.Fatal(err)
	}
}

func after(t *testing.T, l *Log, at Cursor, limit int) Batch {
	t.Helper()
	b, err := l.After(t.Context(), at, limit)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// said is what a batch says in short: the keys, with a sign for those of other processes
// and for relayed and late ones.
func said(b Batch) string {
	var s []string
	for _, e := range b.Events {
		text := fmt.Sprintf("%d %s", e.Seq, e.Key)
		if e.Relayed {
			text += " relayed"
		}
		if e.Late {
			text += " late"
		}
		if !e.Own {
			text += " other"
		}
		s = append(s, text)
	}
	return strings.Join(s, ", ")
}

func TestAfter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, other := open(t, dir), open(t, dir)
	add(t, l, "a/1.jpg", "ключ \"2\"\u00ad.jpg")
	if err := other.Relay(t.Context(), Event{Key: "3", Late: true}); err != nil {
		t.Fatal(err)
	}
	add(t, l, "4")
	end, err := other.End(t.Context())
	if err != nil || end.Seq != 4 || !IsID(end.Log) {
		t.Fatalf("the end is %v, %v", end, err)
	}
	at := func(seq uint64) Cursor { return Cursor{end.Log, seq} }
	for _, tt := range []struct {
		at    Cursor
		limit int
		want  string
		next  uint64
		lost  uint64
	}{
		{Cursor{}, 9, "1 a/1.jpg, 2 ключ \"2\"\u00ad.jpg, 3 3 relayed late other, 4 4", 4, 0},
		{Cursor{"another", 3}, 2, "1 a/1.jpg, 2 ключ \"2\"\u00ad.jpg", 2, 0},
		{at(1), 2, "2 ключ \"2\"\u00ad.jpg, 3 3 relayed late other", 3, 0},
		{at(3), 1, "4 4", 4, 0},
		{at(4), 9, "", 4, 0},
		{at(5), 1, "1 a/1.jpg", 1, 1},
	} {
		b := after(t, l, tt.at, tt.limit)
		if said(b) != tt.want || b.Next != at(tt.next) || b.Lost != tt.lost || b.Behind != 4-tt.next {
			t.Errorf("after %v, %d: %q, then %+v", tt.at, tt.limit, said(b), b)
		}
	}
	if b := after(t, open(t, dir), at(3), 9); said(b) != "4 4 other" {
		t.Errorf("a new process reads %q", said(b))
	}
}

// What is left of a record that was being written when the process was killed, or the power
// went, is ignored, and the next record has its number.
func TestTornRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	add(t, open(t, dir), "one", "two")
	path := open(t, dir).path(1)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start := strings.LastIndex(string(whole[:len(whole)-1]), "\n") + 1
	torn := map[string][]byte{}
	for n := start; n < len(whole); n++ {
		torn[fmt.Sprintf("%d bytes", n-start)] = whole[:n]
		if n < len(whole)-1 {
			torn[fmt.Sprintf("%d bytes and a line break", n-start)] = append(slices.Clip(whole[:n]), '\n')
		}
	}
	torn["zeros"] = append(slices.Clip(whole[:start]), make([]byte, 4096)...)
	torn["a flipped bit"] = slices.Clone(whole)
	torn["a flipped bit"][start+3] ^= 1
	running := open(t, dir)
	for name, content := range torn {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		l := open(t, dir)
		if b := after(t, l, Cursor{}, 9); said(b) != "1 one other" {
			t.Errorf("%s: %q", name, said(b))
		}
		add(t, l, "three")
		if b := after(t, l, Cursor{}, 9); said(b) != "1 one other, 2 three" {
			t.Errorf("%s: then %q", name, said(b))
		}
	}
	// Nobody has had the second event but who has seen it here.
	before := after(t, running, Cursor{}, 9)
	if err := os.WriteFile(path, whole[:start], 0o644); err != nil {
		t.Fatal(err)
	}
	add(t, running, "three")
	if b := after(t, running, before.Next, 9); said(b) != "1 three" || b.Next.Log == before.Next.Log {
		t.Errorf("a log that became shorter goes on as %+v", b)
	}
}

// A damaged record in the middle costs no other one.
func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	add(t, open(t, dir), "one", "two", "three")
	path := open(t, dir).path(1)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[strings.Index(string(content), "two")] = 'T'
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	var log strings.Builder
	l.options.Log = slog.New(slog.NewTextHandler(&log, nil))
	add(t, l, "four")
	if b := after(t, l, Cursor{}, 9); said(b) != "1 one other, 3 three other, 4 four" {
		t.Errorf("%q", said(b))
	}
	if warning := log.String(); strings.Count(warning, "WARN") != 1 || !strings.Contains(warning, "lines=1") {
		t.Errorf("logged %q", warning)
	}
}

// long is a key that takes as much as it can.
func long(i int) variant.Key { return variant.Key(fmt.Sprintf("%s%08d", strings.Repeat("k", 1016), i)) }

func fill(t *testing.T, l *Log, n int) {
	t.Helper()
	keys := make([]variant.Key, n)
	for i := range keys {
		keys[i] = long(i)
	}
	add(t, l, keys...)
}

// The log is bounded, and says how much a consumer has missed.
func TestRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, other := open(t, dir), open(t, dir)
	begin := after(t, other, Cursor{}, 1).Next
	const n = 18_000
	fill(t, l, n)
	firsts, err := l.listFiles()
	if err != nil || len(firsts) != maxFiles {
		t.Fatalf("files %v, %v", firsts, err)
	}
	b := after(t, other, begin, 10)
	if b.Lost != firsts[0]-1 || len(b.Events) != 10 || b.Events[0].Seq != firsts[0] || b.Behind != n-b.Next.Seq {
		t.Errorf("from the start: %d events, lost %d, next %v", len(b.Events), b.Lost, b.Next)
	}
	// Everything that is there, in steps that cross files.
	const limit = 1001
	for at := (Cursor{begin.Log, firsts[0] - 1}); at.Seq < n; {
		b := after(t, other, at, limit)
		for i, e := range b.Events {
			if e.Seq != at.Seq+1+uint64(i) || e.Key != long(int(e.Seq-1)) {
				t.Fatalf("event %d after %d is %d", i, at.Seq, e.Seq)
			}
		}
		if b.Lost != 0 || b.Next.Seq != min(at.Seq+limit, n) {
			t.Fatalf("after %d: %d lost, next %d", at.Seq, b.Lost, b.Next.Seq)
		}
		at = b.Next
	}
	add(t, open(t, dir), "last")
	if b := after(t, other, Cursor{begin.Log, n}, 10); said(b) != fmt.Sprintf("%d last other", n+1) {
		t.Errorf("%q", said(b))
	}
}

// Several processes that append at once lose nothing.
func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for p := range 4 {
		l := open(t, dir)
		for g := range 2 {
			all.Go(func() {
				for i := range 25 {
					if err := l.Append(t.Context(), variant.Key(fmt.Sprintf("%d/%d/%d", p, g, i))); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	b := after(t, open(t, dir), Cursor{}, 1000)
	seen := map[variant.Key]bool{}
	for i, e := range b.Events {
		seen[e.Key] = true
		if e.Seq != uint64(i+1) {
			t.Errorf("event %d has the number %d", i, e.Seq)
		}
	}
	if len(seen) != 200 {
		t.Errorf("%d of 200 events", len(seen))
	}
}

// Any part of the cache directory may be removed at any time. What comes afterwards is
// another log, so that no cursor of the old one skips anything.
func TestRemoved(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(l *Log) error{
		"directory": func(l *Log) error { return os.RemoveAll(l.dir) },
		"segment":   func(l *Log) error { return os.Remove(l.path(1)) },
		"lock":      func(l *Log) error { return os.Remove(filepath.Join(l.dir, "lock")) },
		"empty":     func(l *Log) error { return os.Truncate(l.path(1), 0) },
		"version": func(l *Log) error {
			return os.WriteFile(l.path(1), []byte("thumbery invalidations 2 X 0\n"), 0o644)
		},
	} {
		l := open(t, t.TempDir())
		add(t, l, "one", "two")
		at := after(t, l, Cursor{}, 9).Next
		if err := spoil(l); err != nil {
			t.Fatal(err)
		}
		add(t, l, "three")
		want := "1 three"
		if name == "lock" {
			want = "3 three"
		}
		if b := after(t, l, at, 9); said(b) != want || b.Lost != 0 {
			t.Errorf("without the %s: %q, lost %d", name, said(b), b.Lost)
		}
	}
}

// What is left of another log is removed: otherwise the log would look as if it changed all the time.
func TestLeftOfAnotherLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := open(t, dir)
	add(t, old, "one")
	h := old.header
	h.id = strings.Repeat("A", 26)
	if err := old.createFile(7, h); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	add(t, l, "seven")
	if b := after(t, l, Cursor{}, 9); said(b) != "7 seven" || b.Next.Log != h.id {
		t.Errorf("%q, %v", said(b), b.Next)
	}
	if firsts, err := l.listFiles(); err != nil || !slices.Equal(firsts, []uint64{7}) || l.isStale() {
		t.Errorf("files %v, %v; stale %v", firsts, err, l.isStale())
	}
}

// A cache directory that cannot be written is an error, and Record forgets nevertheless.
func TestRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	blocked := filepath.Join(dir, Directory)
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	forgotten := 0
	forget := func() error { forgotten++; return nil }
	if err := l.Record(t.Context(), forget, "key"); err == nil || forgotten != 1 {
		t.Errorf("%v, forgotten %d times", err, forgotten)
	}
	makesRoom := func() error { return os.Remove(blocked) }
	if err := l.Record(t.Context(), makesRoom, "key"); err != nil {
		t.Error(err)
	}
	if b := after(t, l, Cursor{}, 9); said(b) != "1 key" {
		t.Errorf("%q", said(b))
	}
}

// Whatever is in a file: its records are in order, and the last ends where its line does. A cursor
// is of a log.
func FuzzFile(f *testing.F) {
	h := header{id: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", born: 7, inode: 9}
	record := appendRecord([]byte(h.String()), Event{Seq: 7, Key: "a b/\"c\"\u00ad.jpg", Relayed: true, Late: true}, "W")
	f.Add([]byte(h.id + " 17\n"))
	f.Add(record)
	f.Add(append(record, "8 0 W forget"...))
	f.Add(append(make([]byte, 3*maxRecord), record...))
	f.Fuzz(func(t *testing.T, content []byte) {
		h, ok := parseHeader(content)
		if ok && (!IsID(h.id) || !bytes.HasPrefix(content, []byte(h.String()))) {
			t.Errorf("the header is %v", h)
		}
		var c contents
		if _, err := c.add(bytes.NewReader(content), "W"); err != nil {
			t.Error(err)
		}
		last := uint64(0)
		for _, e := range c.events {
			if e.Seq <= last || len(appendRecord(nil, e, "W")) > maxRecord {
				t.Errorf("%+v", e)
			}
			last = e.Seq
		}
		if n := len(c.events); n > 0 && c.events[n-1].Own && !bytes.HasSuffix(content[:c.size], appendRecord(nil, c.events[n-1], "W")) {
			t.Errorf("the last event ends at %d", c.size)
		}
		if c, ok := parseCursor(string(content)); ok && !IsID(c.Log) {
			t.Errorf("the cursor is %v", c)
		}
	})
}
