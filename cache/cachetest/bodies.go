package cachetest

import (
	"bytes"
	"io"
	"path"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/thumbery/thumbery/cache"
)

func roundTrip(t *testing.T, s cache.Store) {
	name, body := nameFor(t), randomBody(1, 3000)
	filled := fillAt(t, s, name, body, someTime)
	defer closeBlob(t, filled)
	wantBody(t, filled, body)

	opened := open(t, s, name)
	defer closeBlob(t, opened)
	wantBody(t, opened, body)
	if opened.Path != filled.Path {
		t.Errorf("Path is %q from Fill and %q from Open", filled.Path, opened.Path)
	}
	if p := opened.Path; p != "" && (path.IsAbs(p) || path.Base(p) != string(name) || strings.Contains(p, `\`)) {
		t.Errorf("Path = %q, want a relative path to %s", p, name)
	}
}

func views(t *testing.T, s cache.Store) {
	name, body := nameFor(t), randomBody(2, 10_000)
	fill(t, s, name, body)
	b := open(t, s, name)
	defer closeBlob(t, b)
	wantViews(t, b, body)
}

func fillViews(t *testing.T, s cache.Store) {
	body := randomBody(3, 10_000)
	b := fillAt(t, s, nameFor(t), body, someTime)
	defer closeBlob(t, b)
	wantViews(t, b, body)
}

// wantViews reads the body in every possible way, most of them twice.
func wantViews(t *testing.T, b *cache.Blob, body []byte) {
	t.Helper()
	for range 2 {
		wantBody(t, b, body)
		wantAll(t, b, body)
		wantSeek(t, b, body)
	}
	part := make([]byte, 100)
	if _, err := b.At().ReadAt(part, 5000); err != nil {
		t.Fatalf("ReadAt: %v", err)
	}
	wantBytes(t, "At", part, body[5000:5100])
	if n, err := b.At().ReadAt(part, b.Size-10); n != 10 || err != io.EOF {
		t.Errorf("ReadAt 10 bytes before the end = %d, %v, want 10, EOF", n, err)
	}
}

func wantAll(t *testing.T, b *cache.Blob, body []byte) {
	t.Helper()
	data, err := b.Bytes()
	if err != nil {
		t.Fatalf("Bytes: %v", err)
	}
	wantBytes(t, "Bytes", data, body)
}

func wantSeek(t *testing.T, b *cache.Blob, body []byte) {
	t.Helper()
	c := b.Content()
	if end, err := c.Seek(0, io.SeekEnd); end != b.Size || err != nil {
		t.Fatalf("Seek to the end = %d, %v, want %d", end, err, b.Size)
	}
	if _, err := c.Seek(-500, io.SeekCurrent); err != nil {
		t.Fatalf("Seek back: %v", err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("reading after Seek: %v", err)
	}
	wantBytes(t, "Content after Seek", got, body[len(body)-500:])
}

func modTimes(t *testing.T, s cache.Store) {
	berlin := time.FixedZone("CET", 3600)
	for what, c := range map[string]struct{ given, want time.Time }{
		"whole second": {someTime, someTime},
		"fraction":     {someTime.Add(999 * time.Millisecond), someTime},
		"other zone":   {someTime.In(berlin), someTime},
		"before 1970":  {time.Date(1965, 1, 2, 3, 4, 5, 6, time.UTC), time.Date(1965, 1, 2, 3, 4, 5, 0, time.UTC)},
		"unknown":      {time.Time{}, time.Time{}},
	} {
		name := nameOf(t.Name() + what)
		filled := fillAt(t, s, name, []byte("x"), c.given)
		closeBlob(t, filled)
		opened := open(t, s, name)
		closeBlob(t, opened)
		for from, got := range map[string]time.Time{"Fill": filled.ModTime, "Open": opened.ModTime} {
			if got != c.want { // the zone too: it is shown to clients
				t.Errorf("%s: ModTime from %s = %v, want %v", what, from, got, c.want)
			}
		}
	}
}

func emptyBody(t *testing.T, s cache.Store) {
	name := nameFor(t)
	fill(t, s, name, []byte("an older body"))
	b := fillAt(t, s, name, nil, someTime)
	defer closeBlob(t, b)
	wantBody(t, b, nil)
	if b.Path != "" || b.ModTime != someTime {
		t.Errorf("Path = %q, ModTime = %v, want none and %v", b.Path, b.ModTime, someTime)
	}
	wantAll(t, b, nil)
	wantMiss(t, s, name)
}

func largeBody(t *testing.T, s cache.Store) {
	name, body := nameFor(t), randomBody(4, 7<<20+13)
	b := fillAt(t, s, name, body, someTime)
	wantBody(t, b, body)
	closeBlob(t, b)
	wantEntry(t, s, name, body)
}

func oddPieces(t *testing.T, s cache.Store) {
	body := randomBody(5, 1000)
	for what, r := range map[string]io.Reader{
		"byte by byte":   iotest.OneByteReader(bytes.NewReader(body)),
		"end with bytes": iotest.DataErrReader(bytes.NewReader(body)),
		"halves":         iotest.HalfReader(bytes.NewReader(body)),
	} {
		name := nameOf(t.Name() + what)
		b, err := s.Fill(t.Context(), name, r, someTime)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		closeBlob(t, b)
		wantEntry(t, s, name, body)
	}
}

func closing(t *testing.T, s cache.Store) {
	name, body := nameFor(t), randomBody(6, 5000)
	b := fillAt(t, s, name, body, someTime)
	data, err := b.Bytes()
	if err != nil {
		t.Fatalf("Bytes: %v", err)
	}
	closed := 0
	b.OnClose = func() { closed++ }
	closeBlob(t, b)
	wantBytes(t, "Bytes after Close", data, body)
	if closed != 1 {
		t.Errorf("OnClose was called %d times", closed)
	}
}
