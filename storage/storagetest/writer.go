package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// RunWriter checks that an origin keeps the promises of storage.Writer. newOrigin
// is as in Run; what it makes must be a Writer.
func RunWriter(t *testing.T, newOrigin func(t *testing.T, objects map[string][]byte) storage.Origin) {
	parts := []struct {
		name string
		run  func(*testing.T, factory)
	}{
		{"Put", testPut},
		{"PutOddKeys", testPutOddKeys},
		{"PutExists", testPutExists},
		{"PutFails", testPutFails},
		{"PutCancelled", testPutCancelled},
		{"PutConcurrent", testPutConcurrent},
		{"Stat", testStat},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.run(t, newOrigin) })
	}
}

// putTime is not now, nor the time of any object that a fake has.
func putTime() time.Time { return time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC) }

func put(ctx context.Context, origin storage.Origin, key string, body io.Reader, size int) error {
	return origin.(storage.Writer).Put(ctx, key, body, int64(size), putTime())
}

func testPut(t *testing.T, newOrigin factory) {
	tests := []struct {
		name, key string
		data      []byte
	}{
		{"small", "cat.jpg", []byte("cat")},
		{"empty", "empty", nil},
		{"large", "a/b/c/large.tiff", pattern(largeSize)},
		{"beside others", "photos/dog.jpg", []byte("dog")},
	}
	origin := newOrigin(t, map[string][]byte{"photos/cat.jpg": []byte("there")})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// No Seeker, and pieces of odd sizes: nothing is known of body.
			body := iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(tt.data)))
			if err := put(t.Context(), origin, tt.key, body, len(tt.data)); err != nil {
				t.Fatal(err)
			}
			got, err := read(t.Context(), origin, tt.key)
			if err != nil || !bytes.Equal(got, tt.data) {
				t.Errorf("read %d bytes, %v; equal: %t, want %d equal ones", len(got), err, bytes.Equal(got, tt.data), len(tt.data))
			}
			if object := stat(t, origin, tt.key); object.Size != int64(len(tt.data)) || object.ModTime.IsZero() || object.ETag == "" {
				t.Errorf("Size %d, ModTime %v, ETag %q", object.Size, object.ModTime, object.ETag)
			}
		})
	}
}

func testPutOddKeys(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, nil)
	for _, key := range oddKeys {
		if data := "this is " + key; put(t.Context(), origin, key, bytes.NewBufferString(data), len(data)) != nil {
			t.Errorf("%q cannot be put", key)
		}
	}
	for _, key := range oddKeys {
		if got, err := read(t.Context(), origin, key); err != nil || string(got) != "this is "+key {
			t.Errorf("%q: read %q, %v", key, got, err)
		}
	}
}

func testPutExists(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"a": []byte("first")})
	for _, data := range []string{"other", "longer than that", ""} {
		err := put(t.Context(), origin, "a", bytes.NewBufferString(data), len(data))
		wantOnly(t, "Put", err, storage.ErrExists)
	}
	if got, err := read(t.Context(), origin, "a"); err != nil || string(got) != "first" {
		t.Errorf("read %q, %v; want the first", got, err)
	}
}

func testPutFails(t *testing.T, newOrigin factory) {
	boom := errors.New("boom")
	large := pattern(largeSize)
	tests := []struct {
		name string
		body io.Reader
		size int
		want error // nil for any but ErrExists
	}{
		{"fails at once", iotest.ErrReader(boom), 10, boom},
		{"fails in the middle", io.MultiReader(bytes.NewReader(large[:1<<20]), iotest.ErrReader(boom)), len(large), boom},
		{"fails after the last byte", io.MultiReader(bytes.NewReader(large), iotest.ErrReader(boom)), len(large), nil},
		{"short", bytes.NewReader(large[:100]), 101, nil},
		{"nothing", bytes.NewReader(nil), 1, nil},
		{"long", bytes.NewReader(large[:100]), 99, nil},
		{"long by a lot", bytes.NewReader(large), 100, nil},
		{"not empty", bytes.NewReader(large[:1]), 0, nil},
	}
	origin := newOrigin(t, nil)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := fmt.Sprintf("dir%d/a", i)
			err := put(t.Context(), origin, key, struct{ io.Reader }{tt.body}, tt.size)
			if err == nil || errors.Is(err, storage.ErrExists) || !errors.Is(err, tt.want) && tt.want != nil {
				t.Errorf("Put gives %v, want %v", err, tt.want)
			}
			wantNothing(t, origin, key)
			if err := put(t.Context(), origin, key, bytes.NewBufferString("right"), 5); err != nil {
				t.Errorf("Put after that: %v", err)
			}
			if got, err := read(t.Context(), origin, key); err != nil || string(got) != "right" {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

// wantNothing checks that nobody sees anything under key.
func wantNothing(t *testing.T, origin storage.Origin, key string) {
	t.Helper()
	_, err := read(t.Context(), origin, key)
	wantOnly(t, "Open", err, storage.ErrNotFound)
	_, err = origin.(storage.Writer).Stat(t.Context(), key)
	wantOnly(t, "Stat", err, storage.ErrNotFound)
	if lister, ok := origin.(storage.Lister); ok {
		for entry, err := range lister.List(t.Context(), key, nil) {
			t.Errorf("List gives %v, %v", entry, err)
		}
	}
}

func testPutCancelled(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"there": []byte("there")})
	ctx, cancel := context.WithCancel(t.Context())
	large := pattern(largeSize)
	inTheMiddle := io.MultiReader(bytes.NewReader(large[:1<<20]), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, nil
	}), bytes.NewReader(large[1<<20:]))
	wantOnly(t, "Put", put(ctx, origin, "a", inTheMiddle, len(large)), context.Canceled)
	wantNothing(t, origin, "a")
	for _, key := range []string{"b", "there"} {
		wantOnly(t, "Put of "+key, put(ctx, origin, key, bytes.NewReader(large), len(large)), context.Canceled)
		_, err := origin.(storage.Writer).Stat(ctx, key)
		wantOnly(t, "Stat of "+key, err, context.Canceled)
	}
	wantNothing(t, origin, "b")
}

// readerFunc is called once and then at its end.
func readerFunc(f func([]byte) (int, error)) io.Reader { return &onceReader{f: f} }

type onceReader struct{ f func([]byte) (int, error) }

func (o *onceReader) Read(p []byte) (int, error) {
	if o.f == nil {
		return 0, io.EOF
	}
	f := o.f
	o.f = nil
	return f(p)
}

// testPutConcurrent: of several who put the same, one does.
func testPutConcurrent(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, nil)
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			data := bytes.Repeat([]byte{byte(i)}, 100_000)
			errs[i] = put(t.Context(), origin, "a", bytes.NewReader(data), len(data))
		})
	}
	all.Wait()
	got, err := read(t.Context(), origin, "a")
	if err != nil || len(got) != 100_000 {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
	done := 0
	for i, err := range errs {
		switch {
		case err == nil:
			done++
			if !bytes.Equal(got, bytes.Repeat([]byte{byte(i)}, 100_000)) {
				t.Errorf("%d was put and %d is there", i, got[0])
			}
		case !errors.Is(err, storage.ErrExists) && !errors.Is(err, storage.ErrUnavailable):
			t.Errorf("%d: %v, want ErrExists", i, err)
		}
	}
	if done != 1 {
		t.Errorf("%d have put it, want 1", done)
	}
}

func testStat(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"photos/cat.jpg": []byte("cat"), "empty": {}})
	for _, key := range []string{"photos/cat.jpg", "empty"} {
		entry, err := origin.(storage.Writer).Stat(t.Context(), key)
		object := stat(t, origin, key)
		want := storage.Entry{Key: key, Size: object.Size, ModTime: object.ModTime, ETag: object.ETag}
		if err != nil || entry != want {
			t.Errorf("%s: %+v, %v; want %+v", key, entry, err, want)
		}
	}
	for _, key := range []string{"photos/dog.jpg", "photos", "photos/cat.jpg/x", "fotos/cat.jpg"} {
		_, err := origin.(storage.Writer).Stat(t.Context(), key)
		wantOnly(t, "Stat of "+key, err, storage.ErrNotFound)
	}
}
