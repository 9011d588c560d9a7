package cachetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/thumbery/thumbery/cache"
)

var errReader = errors.New("the origin hung up")

func failingReader(t *testing.T, s cache.Store) {
	for what, before := range map[string]int{"at once": 0, "early": 10, "late": 3 << 20} {
		name := nameOf(t.Name() + what)
		broken := func() io.Reader {
			return io.MultiReader(bytes.NewReader(randomBody(1, before)), iotest.ErrReader(errReader))
		}
		b, err := s.Fill(t.Context(), name, broken(), someTime)
		if !errors.Is(err, errReader) || b != nil {
			t.Fatalf("%s: Fill = %v, %v, want the reader's error", what, b, err)
		}
		wantMiss(t, s, name)

		fill(t, s, name, []byte("older"))
		if _, err := s.Fill(t.Context(), name, broken(), someTime); !errors.Is(err, errReader) {
			t.Fatalf("%s: second Fill = %v, want the reader's error", what, err)
		}
		wantEntry(t, s, name, []byte("older"))
	}
}

// readerFunc implements io.Reader.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// panickingReader must not leave anything behind either. The caller gets the panic.
func panickingReader(t *testing.T, s cache.Store) {
	name := nameFor(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Fill swallowed a panic of the reader")
			}
		}()
		_, _ = s.Fill(t.Context(), name, readerFunc(func([]byte) (int, error) { panic("reader") }), someTime)
	}()
	wantMiss(t, s, name)
	fill(t, s, name, []byte("body"))
	wantEntry(t, s, name, []byte("body"))
}

func doneBefore(t *testing.T, s cache.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b, err := s.Fill(ctx, nameFor(t), bytes.NewReader([]byte("body")), someTime)
	if !errors.Is(err, context.Canceled) || b != nil {
		t.Fatalf("Fill = %v, %v, want context.Canceled", b, err)
	}
	wantMiss(t, s, nameFor(t))
}

// doneWhileReading has an endless reader that ignores the context, and one that ends just
// after the context.
func doneWhileReading(t *testing.T, s cache.Store) {
	for what, after := range map[string]error{"endless": nil, "ends as well": io.EOF} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		reads := 0
		r := readerFunc(func(p []byte) (int, error) {
			if reads++; reads < 5 {
				return len(p), nil
			}
			cancel()
			return 1, after
		})
		name := nameOf(t.Name() + what)
		b, err := s.Fill(ctx, name, r, someTime)
		if !errors.Is(err, context.Canceled) || b != nil {
			t.Fatalf("%s: Fill = %v, %v, want context.Canceled", what, b, err)
		}
		wantMiss(t, s, name)
	}
}
