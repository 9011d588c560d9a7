package hedge_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// resumeTest reads "key" of mirrors a and b that have wholeBytes of it.
type resumeTest struct {
	name   string
	tell   func(t *testing.T, a, b *storagetest.Fake)
	single bool // b is no mirror
	want   int  // bytes
	kind   error
}

const wholeBytes = 100_000

func wholeBody() []byte { return bytes.Repeat([]byte("0123456789"), wholeBytes/10) }

func TestResume(t *testing.T) {
	t.Parallel()
	runResumeTests(t, []resumeTest{
		{"in the middle", func(_ *testing.T, a, _ *storagetest.Fake) { a.BreakNext("key", 54_321, 1) }, false, 100_000, nil},
		{"at the start", func(_ *testing.T, a, _ *storagetest.Fake) { a.BreakNext("key", 0, 1) }, false, 100_000, nil},
		{"at the end", func(_ *testing.T, a, _ *storagetest.Fake) { a.BreakNext("key", 99_999, 1) }, false, 100_000, nil},
		{"from the same place", func(_ *testing.T, a, _ *storagetest.Fake) { a.BreakNext("key", 54_321, 1) }, true, 100_000, nil},
		{"same time, no ETags", func(_ *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 1)
			a.SetETag("key", "")
			b.SetETag("key", "")
		}, false, 100_000, nil},
		{"down, but the first is up again", func(t *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 1)
			b.FailAll(storagetest.Refused())
		}, false, 100_000, nil},
	})
}

func TestResumeNot(t *testing.T) {
	t.Parallel()
	runResumeTests(t, []resumeTest{
		{"breaks again", func(_ *testing.T, a, _ *storagetest.Fake) { a.BreakNext("key", 54_321, 2) }, true, 54_321, storage.ErrUnavailable},
		{"breaks earlier", func(_ *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 2)
			b.BreakNext("key", 12_345, 1)
		}, false, 54_321, storage.ErrUnavailable},
		{"breaks later", func(_ *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 2)
			b.BreakNext("key", 65_432, 1)
		}, false, 65_432, storage.ErrUnavailable},
		{"another version", func(_ *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 2)
			b.Put("key", bytes.Repeat([]byte("abcdefghij"), 10_000))
		}, false, 54_321, storage.ErrUnavailable},
		{"another size", func(_ *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 2)
			a.SetETag("key", "1")
			b.Put("key", wholeBody()[:70_000])
			b.SetETag("key", "1")
		}, false, 54_321, storage.ErrUnavailable},
		{"nothing known", func(_ *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 2)
			for _, f := range []*storagetest.Fake{a, b} {
				f.SetETag("key", "")
				f.SetModTime("key", time.Time{})
			}
		}, false, 54_321, storage.ErrUnavailable},
		{"not there any more", func(_ *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 2)
			b.Remove("key")
		}, false, 54_321, storage.ErrUnavailable},
		{"down", func(t *testing.T, a, b *storagetest.Fake) {
			a.BreakNext("key", 54_321, 2)
			b.FailAll(storagetest.Refused())
		}, false, 54_321, storage.ErrUnavailable},
		{"longer than announced", func(_ *testing.T, a, b *storagetest.Fake) {
			a.Announce("key", 60_000)
			b.Announce("key", 60_000)
		}, false, 60_000, storage.ErrUnavailable},
	})
}

func runResumeTests(t *testing.T, tests []resumeTest) {
	whole := wholeBody()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := storagetest.Named("a"), storagetest.Named("b")
			a.Put("key", whole)
			b.Put("key", whole)
			tt.tell(t, a, b)
			m := mirrors(withBreaker(a), withBreaker(b))
			if tt.single {
				m = mirrors(withBreaker(a))
			}
			object, err := m.Open(t.Context(), "key", storage.Version{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(object.Body)
			storagetest.WantKind(t, err, tt.kind)
			if !bytes.Equal(got, whole[:tt.want]) {
				t.Errorf("%d bytes, right so far: %t; want %d", len(got), bytes.HasPrefix(whole, got), tt.want)
			}
			if tt.kind != nil {
				if _, again := object.Body.Read(make([]byte, 1)); !errors.Is(again, tt.kind) {
					t.Errorf("the next Read gives %v", again)
				}
			}
			for range 2 {
				if err := object.Body.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}
			if _, err := object.Body.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Read after Close gives %v", err)
			}
			if a.Unclosed()+b.Unclosed() != 0 {
				t.Errorf("%d and %d bodies are open", a.Unclosed(), b.Unclosed())
			}
		})
	}
}

// TestResumeCancelled: when ctx ends while another body is being opened, nothing is
// resumed, and both are closed.
func TestResumeCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := storagetest.Named("a", "key"), storagetest.Named("b", "key")
		b.Put("key", []byte("a has key"))
		a.Truncate("key", 3)
		b.Delay(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		object, err := mirrors(a, b).Open(ctx, "key", storage.Version{})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond, cancel)
		if got, err := io.ReadAll(object.Body); string(got) != "a h" || err == nil {
			t.Errorf("read %q, %v", got, err)
		}
		_ = object.Body.Close()
		synctest.Wait()
		if a.Unclosed()+b.Unclosed() != 0 {
			t.Errorf("%d and %d bodies are open", a.Unclosed(), b.Unclosed())
		}
	})
}
