package cachetest

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

func miss(t *testing.T, s cache.Store) { wantMiss(t, s, nameFor(t)) }

func remove(t *testing.T, s cache.Store) {
	name := nameFor(t)
	fill(t, s, name, []byte("body"))
	for range 2 { // the second finds nothing, which is no error
		if err := s.Remove(name); err != nil {
			t.Fatalf("Remove: %v", err)
		}
		wantMiss(t, s, name)
	}
	fill(t, s, name, []byte("again"))
	wantEntry(t, s, name, []byte("again"))
}

func replace(t *testing.T, s cache.Store) {
	name := nameFor(t)
	for _, body := range []string{"one", "a longer one", "1"} {
		fill(t, s, name, []byte(body))
		wantEntry(t, s, name, []byte(body))
	}
}

func openWhileReplaced(t *testing.T, s cache.Store) {
	name, old := nameFor(t), randomBody(1, 40_000)
	filled := fillAt(t, s, name, old, someTime)
	defer closeBlob(t, filled)
	opened := open(t, s, name)
	defer closeBlob(t, opened)

	fill(t, s, name, []byte("new"))
	wantViews(t, filled, old)
	wantViews(t, opened, old)
	wantEntry(t, s, name, []byte("new"))
}

func openWhileRemoved(t *testing.T, s cache.Store) {
	name, body := nameFor(t), randomBody(2, 40_000)
	fill(t, s, name, body)
	b := open(t, s, name)
	defer closeBlob(t, b)
	if err := s.Remove(name); err != nil {
		t.Fatalf("Remove: %v", err)
	}
	wantViews(t, b, body)
	wantMiss(t, s, name)
}

// neighbours tests the original and the derivatives of one picture.
func neighbours(t *testing.T, s cache.Store) {
	source, _, _ := strings.Cut(string(nameFor(t)), "-")
	all := []variant.Name{
		variant.Name(source),
		variant.Name(source + "-0123456789abcdef01234567"),
		variant.Name(source + "-0123456789abcdef01234568"),
	}
	for _, name := range all {
		fill(t, s, name, []byte(name))
	}
	if err := s.Remove(all[1]); err != nil {
		t.Fatalf("Remove: %v", err)
	}
	wantEntry(t, s, all[0], []byte(all[0]))
	wantMiss(t, s, all[1])
	wantEntry(t, s, all[2], []byte(all[2]))
}

// names tests invalid names. No path must be made of them, and the reader must not be read.
func names(t *testing.T, s cache.Store) {
	good := strings.Repeat("0", 32)
	for _, bad := range []variant.Name{
		"", ".", "..", "3", "3f", "/3fa0", "3fa/0", "../../etc/passwd", "3fa0/../x",
		"3FA0", "3fg0", "3fa0.tmp", "3fa0\x00", "3fa0 ", "3fa0\n", "-3fa0", "3fa0-",
		"3fa0--1234", "3fa0-1234-1234", "é3fa", "3fa0-../..", "tmp", `3fa\0`,
		variant.Name(strings.Repeat("0", 300)), variant.Name(good + "-" + strings.Repeat("0", 300)),
	} {
		r := strings.NewReader("body")
		if b, err := s.Fill(t.Context(), bad, r, someTime); !errors.Is(err, cache.ErrName) || b != nil {
			t.Errorf("Fill(%q) = %v, %v, want ErrName", bad, b, err)
		}
		if r.Len() != 4 {
			t.Errorf("Fill(%q) read the body", bad)
		}
		if b, err := s.Open(bad); !errors.Is(err, cache.ErrName) || b != nil {
			t.Errorf("Open(%q) = %v, %v, want ErrName", bad, b, err)
		}
		if err := s.Remove(bad); !errors.Is(err, cache.ErrName) {
			t.Errorf("Remove(%q) = %v, want ErrName", bad, err)
		}
		if _, err := s.Touch(bad); !errors.Is(err, cache.ErrName) {
			t.Errorf("Touch(%q) = %v, want ErrName", bad, err)
		}
	}
}

func touch(t *testing.T, s cache.Store) {
	name, body := nameFor(t), []byte("body")
	if st, err := s.Touch(name); !errors.Is(err, cache.ErrMiss) {
		t.Errorf("Touch of nothing = %+v, %v, want ErrMiss", st, err)
	}
	wantMiss(t, s, name)
	fill(t, s, name, body)
	st, err := s.Touch(name)
	b := open(t, s, name)
	defer closeBlob(t, b)
	wantBody(t, b, body)
	if b.ModTime != someTime {
		t.Errorf("ModTime after Touch = %v, want %v", b.ModTime, someTime)
	}
	if want := (cache.Stat{Size: 4, ModTime: someTime, Path: b.Path}); st != want || err != nil {
		t.Errorf("Touch = %+v, %v, want %+v", st, err, want)
	}
}

func removeSource(t *testing.T, s cache.Store) {
	name := nameFor(t)
	source, _, _ := strings.Cut(string(name), "-")
	own := variant.Name(source)
	other := nameOf(t.Name() + " other")
	for _, n := range []variant.Name{own, name, own + "-abc", other} {
		fill(t, s, n, []byte("four"))
	}
	if files, n, err := s.RemoveSource(own); files != 3 || n != 12 || err != nil {
		t.Errorf("RemoveSource = %d files, %d bytes, %v, want 3, 12", files, n, err)
	}
	for _, n := range []variant.Name{own, name, own + "-abc"} {
		wantMiss(t, s, n)
	}
	wantEntry(t, s, other, []byte("four"))
	if files, n, err := s.RemoveSource(own); files != 0 || n != 0 || err != nil {
		t.Errorf("RemoveSource of nothing = %d, %d, %v", files, n, err)
	}
	if _, _, err := s.RemoveSource("../x"); !errors.Is(err, cache.ErrName) {
		t.Errorf("RemoveSource of what is no name = %v", err)
	}
}

func check(t *testing.T, s cache.Store) {
	if err := s.Check(); err != nil {
		t.Errorf("Check: %v", err)
	}
	name := nameFor(t)
	fill(t, s, name, bytes.Repeat([]byte("x"), 5000))
	if err := s.Check(); err != nil {
		t.Errorf("Check with an entry: %v", err)
	}
}
