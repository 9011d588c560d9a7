package disk

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
)

func TestNothingIsKeptWhileSpaceIsLow(t *testing.T) {
	t.Parallel()
	now, free := time.Unix(1_800_000_000, 0), int64(50)
	var told []bool
	watched := NewFreeSpace("/", func(s eviction.Space) bool { return s.Short(0.1) }, func(low bool, _ eviction.Space) { told = append(told, low) })
	watched.now = func() time.Time { return now }
	looks := 0
	var broken error
	watched.space = func(string) (eviction.Space, error) {
		looks++
		return eviction.Space{FreeBytes: free, TotalBytes: 100}, broken
	}
	store, _ := newTestStore(t, Options{NoSync: true, Free: watched})
	fill := func(body string) *cache.Blob {
		t.Helper()
		b, err := store.Fill(t.Context(), name, bytes.NewReader([]byte(body)), now)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(b.Content()); string(got) != body || err != nil || !b.ModTime.Equal(now) {
			t.Errorf("the body is %q of %v, %v", got, b.ModTime, err)
		}
		return b
	}
	if b := fill("first"); b.NotKept != nil {
		t.Errorf("with room: %v", b.NotKept)
	}
	free = 9
	if b := fill("second"); b.NotKept != nil {
		t.Errorf("it looked again within a second: %v", b.NotKept)
	}
	now = now.Add(time.Second)
	for range 3 {
		if b := fill("third"); !errors.Is(b.NotKept, cache.ErrNoRoom) {
			t.Errorf("without room: %v", b.NotKept)
		}
	}
	if _, err := store.Open(name); err != nil {
		t.Errorf("what is there is not served without room: %v", err)
	}
	failing := errors.New("reader")
	if _, err := store.Fill(t.Context(), name, failingReader{failing}, now); !errors.Is(err, failing) {
		t.Errorf("a failing reader gives %v", err)
	}
	now, free = now.Add(time.Second), 11
	if b := fill("fourth"); b.NotKept != nil {
		t.Errorf("with room again: %v", b.NotKept)
	}
	now, broken, free = now.Add(time.Second), errors.New("statfs"), 0
	if b := fill("fifth"); b.NotKept != nil {
		t.Errorf("where nobody can say: %v", b.NotKept)
	}
	if len(told) != 2 || !told[0] || told[1] || looks != 4 {
		t.Errorf("told %v after %d looks, want low and not low after 4", told, looks)
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }
