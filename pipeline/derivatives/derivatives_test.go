package derivatives_test

import (
	"bytes"
	"image"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

const key = variant.Key("cat.jpg")

var (
	name    = variant.Variant{Width: 40}.Name(key, 0, "recipe")
	picture = resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 40, 30)))
)

// store is a Store on fakes.
type store struct {
	*derivatives.Store
	files *cachetest.Fake
	now   time.Time
}

func newStore() *store { return newStoreOf(cachetest.NewFake()) }

func newStoreOf(files *cachetest.Fake) *store {
	s := &store{files: files, now: time.Unix(1_800_000_000, 0)}
	now := func() time.Time { return s.now }
	s.Store = derivatives.New(derivatives.Config{
		Cache: s.files, MemoryBytes: 1 << 20, Epochs: new(cache.Epochs), Now: now,
		Reporter: cache.NewReporter(slog.New(slog.DiscardHandler), now),
	})
	return s
}

func (s *store) keep(t *testing.T, epoch uint64) derivatives.Body {
	t.Helper()
	b := derivatives.NewBody(picture, time.Unix(1, 0), "image/jpeg")
	s.Keep(t.Context(), name, epoch, &b)
	return b
}

// want checks where the derivative is found.
func (s *store) want(t *testing.T, when string, found, inMemory bool) {
	t.Helper()
	d, ok := s.Open(name)
	if ok != found || ok && (d.InMemory != inMemory || d.MediaType != "image/jpeg" || d.Sum == 0) {
		t.Errorf("%s: %+v, %t, want %t, in memory %t", when, d, ok, found, inMemory)
	}
	if ok {
		if data, err := d.Blob.Bytes(); err != nil || !bytes.Equal(data, picture) {
			t.Errorf("%s: %d bytes, %v", when, len(data), err)
		}
		d.Blob.Close()
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.want(t, "before", false, false)
	if b := s.keep(t, 0); !b.Stored {
		t.Error("it is not stored")
	}
	s.want(t, "kept", true, true)
	s.SetMemory(false)
	s.want(t, "with the memory off", true, false)
	s.SetMemory(true)
	if d, ok := s.Locate(name); !ok || d.Blob.Size != int64(len(picture)) || s.files.Counts().Opens != 2 {
		t.Errorf("located %+v, %t, with %d opens", d, ok, s.files.Counts().Opens)
	}
	if err := s.files.Remove(name); err != nil {
		t.Fatal(err)
	}
	s.want(t, "removed within a second", true, true)
	s.now = s.now.Add(time.Second)
	s.want(t, "removed a second ago", false, false)
}

// A derivative that was begun before its picture was forgotten is not cached.
func TestForget(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.keep(t, 0)
	files, size, inMemory, err := s.Forget(key)
	if files != 1 || size != int64(len(picture)) || inMemory != 1 || err != nil {
		t.Errorf("%d files, %d bytes, %d in memory, %v", files, size, inMemory, err)
	}
	s.want(t, "forgotten", false, false)
	if b := s.keep(t, 0); b.Stored || s.files.Len() != 0 {
		t.Error("what was begun before is stored")
	}
	s.want(t, "begun before", false, false)
	s.keep(t, s.Epochs.At(name))
	s.want(t, "begun after", true, true)
}

// Without a disk the memory serves for a minute, so that what was forgotten by another
// process is not served for ever.
func TestUnkept(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.files.FailFill(syscall.ENOSPC)
	if b := s.keep(t, 0); b.Stored {
		t.Error("it is stored on a full disk")
	}
	s.now = s.now.Add(59 * time.Second)
	s.want(t, "within a minute", true, true)
	s.now = s.now.Add(time.Second)
	s.want(t, "after a minute", false, false)
}

// Peek leaves a file that cannot be read to those who use it.
func TestPeekRemovesNothing(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.keep(t, 0)
	s.files.Damage(syscall.EIO, 0)
	s.Store = newStoreOf(s.files).Store // which has not looked into the file
	if d, ok := s.Peek(name); ok || s.files.Len() != 1 {
		t.Errorf("%+v, %v, and %d files are left", d, ok, s.files.Len())
	}
	s.want(t, "damaged", false, false)
	if s.files.Len() != 0 {
		t.Error("Open has not removed it")
	}
}
