package disk

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/variant"
)

// Open removes a damaged file, but not one that it has no permission or descriptor for. Peek
// removes nothing.
func TestCannotOpen(t *testing.T) {
	t.Parallel()
	for err, damaged := range map[error]bool{
		unix.EIO: true, unix.ESTALE: true,
		unix.EACCES: false, unix.EPERM: false, unix.EMFILE: false, unix.ENFILE: false, unix.ENOMEM: false, unix.ENOTDIR: false,
	} {
		for name, open := range map[string]func(*Store, variant.Name) error{
			"Open":  func(s *Store, n variant.Name) error { _, err := s.Open(n); return err },
			"Peek":  func(s *Store, n variant.Name) error { _, err := s.Peek(n); return err },
			"Touch": func(s *Store, n variant.Name) error { _, err := s.Touch(n); return err },
		} {
			s, _ := newTestStore(t, Options{NoSync: true})
			path := fill(t, s, source, "body", someTime)
			working := s.system
			s.system.open = func(string, *unix.Stat_t) (int, error) { return -1, &os.PathError{Op: "open", Path: path, Err: err} }
			s.system.stat = func(string) (unix.Stat_t, error) { return unix.Stat_t{}, err }
			got, removed := open(s, source), damaged && name != "Peek"
			if !errors.Is(got, err) || errors.Is(got, cache.ErrUnreadable) != damaged || exists(path) == removed {
				t.Errorf("%s: %v is %v; the file is there: %v", name, err, got, exists(path))
			}
			s.system = working
			if want := map[bool]error{true: cache.ErrMiss, false: nil}[removed]; open(s, source) != want {
				t.Errorf("%s after %v: %v, want %v", name, err, open(s, source), want)
			}
		}
	}
}

// badSector is a file that cannot be read after n bytes.
type badSector struct {
	*os.File
	n int64
}

func (f badSector) ReadAt(p []byte, at int64) (int, error) {
	return cachetest.Failing(f.File, f.n, unix.EIO).ReadAt(p, at)
}

// Close removes a file that could not be read, unless it has been replaced.
func TestCannotRead(t *testing.T) {
	t.Parallel()
	for _, replaced := range []bool{false, true} {
		s, _ := newTestStore(t, Options{NoSync: true})
		path := fill(t, s, name, "body", someTime)
		working := s.system
		s.system.read = func(f *os.File) cache.File { return badSector{f, 2} }
		b, err := s.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Bytes(); !errors.Is(err, cache.ErrUnreadable) || !errors.Is(err, unix.EIO) {
			t.Errorf("Bytes: %v", err)
		}
		s.system = working
		if replaced {
			fill(t, s, name, "other", someTime)
		}
		if err := b.Close(); err != nil || exists(path) != replaced {
			t.Errorf("replaced %v: Close: %v; the file is there: %v", replaced, err, exists(path))
		}
		if !replaced {
			wantMiss(t, s, name)
			fill(t, s, name, "other", someTime)
		}
		wantOpen(t, s, name, "other")
	}
}

// An empty file, as a power failure leaves them, is a miss. Open removes it, and Peek does not.
func TestEmptyFile(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(t, Options{NoSync: true})
	path := fill(t, s, name, "body", someTime)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Peek(name); err != cache.ErrMiss || !exists(path) {
		t.Errorf("Peek: %v; the file is there: %v", err, exists(path))
	}
	if _, err := s.Open(name); err != cache.ErrMiss || exists(path) {
		t.Errorf("Open: %v; the file is there: %v", err, exists(path))
	}
}
