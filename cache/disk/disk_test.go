package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/variant"
)

const (
	source variant.Name = "3fa0c1d2e3f405162738495a6b7c8d9e"
	name                = source + "-0123456789abcdef01234567"
)

var someTime = time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)

// newTestStore returns a store in a directory of its own.
func newTestStore(t *testing.T, opts Options) (s *Store, dir string) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(dir, Derivatives, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestConformance(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t, Options{})
	cachetest.Run(t, func(*testing.T) cache.Store { return s })
	t.Cleanup(func() { wantNoTemporaries(t, dir) })
}

// someStore uses one of two stores of the same directory to write and the other to read, as
// two processes behind one nginx do.
type someStore struct {
	cache.Store
	other cache.Store
}

func (s someStore) Open(name variant.Name) (*cache.Blob, error) { return s.other.Open(name) }

func TestConformanceOfTwo(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t, Options{NoSync: true})
	two := someStore{s, newStore(dir, Derivatives, Options{})}
	cachetest.Run(t, func(*testing.T) cache.Store { return two })
	t.Cleanup(func() { wantNoTemporaries(t, dir) })
}

func wantNoTemporaries(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(dir, Temporary))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("%d files are left in tmp/, the first is %s", len(left), left[0].Name())
	}
}

// fill stores a body and returns the path of its file.
func fill(t *testing.T, s *Store, name variant.Name, body string, modTime time.Time) string {
	t.Helper()
	b, err := s.Fill(t.Context(), name, strings.NewReader(body), modTime)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.NotKept, b.Close()); err != nil {
		t.Fatal(err)
	}
	path, err := s.path(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// wantOpen fails the test unless there is an entry with that body.
func wantOpen(t *testing.T, s *Store, name variant.Name, body string) {
	t.Helper()
	b, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got, err := io.ReadAll(b.Content()); err != nil || string(got) != body {
		t.Fatalf("Open: body %.40q, %v, want %.40q", got, err, body)
	}
}

func wantMiss(t *testing.T, s *Store, name variant.Name) {
	t.Helper()
	if b, err := s.Open(name); !errors.Is(err, cache.ErrMiss) {
		t.Fatalf("Open = %v, %v, want a miss", b, err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestFileOfAnEntry(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t, Options{})
	b, err := s.Fill(t.Context(), name, strings.NewReader("body"), someTime)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if want := "derivatives/3fa/" + string(name); b.Path != want {
		t.Errorf("Path = %q, want %q", b.Path, want)
	}
	path := filepath.Join(dir, filepath.FromSlash(b.Path))
	if body, err := os.ReadFile(path); string(body) != "body" || err != nil {
		t.Errorf("the file has %q, %v, want the body and nothing else", body, err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o640 || !info.ModTime().Equal(someTime) {
		t.Errorf("mode %v, mtime %v, want 0640 and %v", info.Mode(), info.ModTime(), someTime)
	}
	if _, ok := b.Content().(*os.File); !ok {
		t.Errorf("Content is a %T, which the kernel cannot send by itself", b.Content())
	}
}

func TestUnknownTimeIsTheEpoch(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(t, Options{})
	info, err := os.Stat(fill(t, s, name, "body", time.Time{}))
	if err != nil || info.ModTime().Unix() != 0 {
		t.Errorf("mtime of an unknown time = %v, %v, want the epoch", info.ModTime(), err)
	}
}

func TestZeroLengthIsAMissAndGoes(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(t, Options{})
	path := fill(t, s, name, "body", someTime)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	wantMiss(t, s, name)
	if exists(path) {
		t.Error("the file of no length is still there")
	}
	fill(t, s, name, "again", someTime)
	wantOpen(t, s, name, "again")
}

// TestOnlyRegularFiles puts other kinds of files where a body should be. No symlink is
// followed, no FIFO is waited for, and Fill replaces what a rename can replace.
func TestOnlyRegularFiles(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		make     func(path string) error
		replaced bool
	}{
		"symlink":   {func(path string) error { return os.Symlink(secret, path) }, true},
		"fifo":      {func(path string) error { return unix.Mkfifo(path, 0o644) }, true},
		"directory": {func(path string) error { return os.Mkdir(path, 0o755) }, false},
	} {
		t.Run(what, func(t *testing.T) {
			s, _ := newTestStore(t, Options{})
			path := fill(t, s, name, "body", someTime)
			if err := errors.Join(os.Remove(path), c.make(path)); err != nil {
				t.Fatal(err)
			}
			before := countDescriptors(t)
			if b, err := s.Open(name); err == nil || errors.Is(err, cache.ErrMiss) {
				t.Errorf("Open = %v, %v, want an error that is not a miss", b, err)
			}
			if after := countDescriptors(t); after != before {
				t.Errorf("%d descriptors before Open, %d after", before, after)
			}
			s.Touch(name)
			b, err := s.Fill(t.Context(), name, strings.NewReader("new"), someTime)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			if kept := b.NotKept == nil; kept != c.replaced {
				t.Errorf("Fill: NotKept = %v", b.NotKept)
			}
		})
	}
	if info, err := os.Stat(secret); err != nil || info.Size() != 6 {
		t.Errorf("what the symlink pointed to: %v, %v", info, err)
	}
}

func TestRemoveLeavesDirectories(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(t, Options{})
	path := fill(t, s, name, "body", someTime)
	if err := s.Remove(name); err != nil {
		t.Fatal(err)
	}
	if exists(path) || !exists(filepath.Dir(path)) {
		t.Error("Remove left the file or took its directory")
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(name); err == nil || !exists(path) {
		t.Errorf("Remove of a directory = %v, there = %v, want an error and the directory", err, exists(path))
	}
}

func TestRemoveSource(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(t, Options{})
	others := []variant.Name{
		"3fa0c1d2e3f405162738495a6b7c8d9f-0123456789abcdef01234567", // the same directory
		source[:31] + "-0123456789abcdef01234567",                   // a shorter hash
		source + "0-0123456789abcdef01234567",                       // a longer one
	}
	for i, n := range append(others, source, name, source+"-fedcba987654321001234567") {
		fill(t, s, n, strings.Repeat("x", 100+i), someTime)
	}
	if files, n, err := s.RemoveSource(source); files != 3 || n != 103+104+105 || err != nil {
		t.Errorf("RemoveSource = %d, %d, %v, want 3 files of 312 bytes", files, n, err)
	}
	wantMiss(t, s, source)
	wantMiss(t, s, name)
	for i, n := range others {
		wantOpen(t, s, n, strings.Repeat("x", 100+i))
	}
	if files, n, err := s.RemoveSource(source); files != 0 || n != 0 || err != nil {
		t.Errorf("RemoveSource of nothing = %d, %d, %v", files, n, err)
	}
	if files, _, err := s.RemoveSource("fff0"); files != 0 || err != nil {
		t.Errorf("RemoveSource where there is no directory = %d, %v", files, err)
	}
}

func TestRemoveSourceGoesOn(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(t, Options{})
	first := fill(t, s, source, "x", someTime)
	fill(t, s, name, "body", someTime)
	if err := errors.Join(os.Remove(first), os.Mkdir(first, 0o755)); err != nil {
		t.Fatal(err)
	}
	if files, n, err := s.RemoveSource(source); files != 1 || n != 4 || err == nil {
		t.Errorf("RemoveSource = %d, %d, %v, want the other file gone, and an error", files, n, err)
	}
	for _, bad := range []variant.Name{"", "3f", "../x", name} {
		if _, _, err := s.RemoveSource(bad); !errors.Is(err, cache.ErrName) {
			t.Errorf("RemoveSource(%q) = %v, want ErrName", bad, err)
		}
	}
}

// TestEmptiedUnderUs does rm -rf cache/* while the service runs.
func TestEmptiedUnderUs(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t, Options{})
	fill(t, s, name, "body", someTime)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	wantMiss(t, s, name)
	s.Touch(name)
	if err := errors.Join(s.Remove(name), s.Check()); err != nil {
		t.Errorf("Remove, Check: %v", err)
	}
	fill(t, s, name, "again", someTime)
	wantOpen(t, s, name, "again")
}

func TestCheckLeavesNothing(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t, Options{})
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	wantNoTemporaries(t, dir)
	entries, err := os.ReadDir(filepath.Join(dir, Derivatives))
	if len(entries) != 0 || err != nil {
		t.Errorf("Check wrote among the names: %v, %v", entries, err)
	}
}

// countDescriptors returns how many file descriptors this process has.
func countDescriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /proc/self/fd here")
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

func TestNoDescriptorLeaks(t *testing.T) {
	s, dir := newTestStore(t, Options{NoSync: true})
	working := s.system
	before := countDescriptors(t)
	for i := range 5 * 5 * len(failures) {
		s.system = working
		name := variant.Name(fmt.Sprintf("3fa%029x", i%7))
		switch i % 5 {
		case 1:
			s.system = failingSystem(working, failures[i/5%len(failures)].fail)
		case 2:
			_, _ = s.Fill(t.Context(), name, io.MultiReader(strings.NewReader("x"), errReader{}), someTime)
		case 3:
			_ = s.Remove(name)
		case 4:
			path := fill(t, s, name, "x", someTime)
			_ = os.Truncate(path, 0)
		}
		for _, get := range []func() (*cache.Blob, error){
			func() (*cache.Blob, error) { return s.Open(name) },
			func() (*cache.Blob, error) {
				return s.Fill(t.Context(), name, bytes.NewReader(make([]byte, 300)), someTime)
			},
		} {
			if b, err := get(); err == nil {
				_ = b.Close()
			}
		}
		_ = s.Check()
	}
	if after := countDescriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	wantNoTemporaries(t, dir)
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
