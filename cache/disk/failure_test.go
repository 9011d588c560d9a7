package disk

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// fullAt makes the disk full after n bytes of each file. What fits is written, as by write(2).
func fullAt(n int64) func(*system) {
	return func(sys *system) {
		sys.write = func(f *os.File, p []byte) (int, error) {
			at, err := f.Seek(0, io.SeekCurrent)
			if err != nil {
				return 0, err
			}
			if room := n - at; room < int64(len(p)) {
				k, _ := f.Write(p[:max(room, 0)])
				return k, unix.ENOSPC
			}
			return f.Write(p)
		}
	}
}

// failures are the operations that can fail, all with ENOSPC.
var failures = []struct {
	what string
	fail func(*system)
}{
	{"create", func(sys *system) {
		sys.create = func(string) (*os.File, error) { return nil, unix.ENOSPC }
	}},
	{"write of the first byte", fullAt(0)},
	{"write of the second byte", fullAt(1)},
	{"write in the middle of a buffer", fullAt(200)},
	{"write at the end of a buffer", fullAt(bufferBytes)},
	{"write of a later buffer", fullAt(bufferBytes + 5)},
	{"write of the last byte", fullAt(int64(len(longBody) - 1))},
	{"stamp", func(sys *system) {
		sys.stamp = func(string, time.Time, time.Time) error { return unix.ENOSPC }
	}},
	{"sync", func(sys *system) {
		sys.sync = func(*os.File) error { return unix.ENOSPC }
	}},
	{"place", func(sys *system) {
		sys.place = func(string, variant.Name) error { return unix.ENOSPC }
	}},
}

// longBody fills several buffers and part of another one. All of them differ.
var longBody = func() string {
	var b strings.Builder
	for i := range 100_000 {
		b.WriteString(string(rune('a'+i%26)) + string(rune('0'+i/1000%10)) + string(rune('A'+i/7%26)))
	}
	return b.String()
}()

func failingSystem(sys system, fail func(*system)) system {
	fail(&sys)
	return sys
}

// wantNotKept fails the test unless b has all of body in memory, since the disk is full.
func wantNotKept(t *testing.T, b *cache.Blob, body string) {
	t.Helper()
	if !errors.Is(b.NotKept, unix.ENOSPC) || b.Path != "" || b.ModTime != someTime {
		t.Errorf("NotKept = %v, Path = %q, ModTime = %v, want ENOSPC, none and %v", b.NotKept, b.Path, b.ModTime, someTime)
	}
	got, err := io.ReadAll(b.Content())
	if err != nil || string(got) != body || b.Size != int64(len(body)) {
		t.Fatalf("a body of %d bytes (Size %d), %v, is not what was filled in", len(got), b.Size, err)
	}
}

func TestStoreFailuresLoseNoByte(t *testing.T) {
	for _, c := range failures {
		t.Run(c.what, func(t *testing.T) {
			s, dir := newTestStore(t, Options{})
			fill(t, s, name, "older", someTime)
			s.system = failingSystem(s.system, c.fail)
			before := countDescriptors(t)
			for what, r := range map[string]io.Reader{
				"plain":          strings.NewReader(longBody),
				"end with bytes": iotest.DataErrReader(strings.NewReader(longBody)),
				"halves":         iotest.HalfReader(strings.NewReader(longBody)),
			} {
				b, err := s.Fill(t.Context(), name, r, someTime.Add(time.Millisecond))
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				wantNotKept(t, b, longBody)
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			}
			wantNoTemporaries(t, dir)
			if after := countDescriptors(t); after != before {
				t.Errorf("%d descriptors before, %d after", before, after)
			}
			wantOpen(t, s, name, "older")
		})
	}
}

// TestReaderFailsAfterTheStore has the reader fail after the store has fallen back to memory.
func TestReaderFailsAfterTheStore(t *testing.T) {
	t.Parallel()
	for _, c := range failures {
		s, dir := newTestStore(t, Options{})
		s.system = failingSystem(s.system, c.fail)
		r := io.MultiReader(strings.NewReader(longBody), errReader{})
		if b, err := s.Fill(t.Context(), name, r, someTime); err != io.ErrUnexpectedEOF || b != nil {
			t.Errorf("%s: Fill = %v, %v, want the reader's error", c.what, b, err)
		}
		wantNoTemporaries(t, dir)
		wantMiss(t, s, name)
	}
}

// TestCannotReadBack has disks that lose what was written: Fill returns an error, not a body
// with a hole.
func TestCannotReadBack(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(f *os.File) error{
		"truncated": func(f *os.File) error { return f.Truncate(10) },
		"zeros":     func(f *os.File) error { _, err := f.WriteAt(make([]byte, 4096), 0); return err },
		"closed":    func(f *os.File) error { return f.Close() },
	} {
		s, dir := newTestStore(t, Options{})
		s.system.sync = func(f *os.File) error {
			if err := spoil(f); err != nil {
				t.Error(err)
			}
			return unix.EIO
		}
		b, err := s.Fill(t.Context(), name, strings.NewReader(longBody), someTime)
		if !errors.Is(err, unix.EIO) || b != nil || !strings.Contains(err.Error(), "read back") {
			t.Errorf("%s: Fill = %v, %v, want the disk's error", what, b, err)
		}
		wantNoTemporaries(t, dir)
		wantMiss(t, s, name)
	}
}

func TestCheckFails(t *testing.T) {
	t.Parallel()
	for _, c := range failures[:4] { // what Check does: create and write
		s, dir := newTestStore(t, Options{})
		s.system = failingSystem(s.system, c.fail)
		if err := s.Check(); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%s: Check = %v, want ENOSPC", c.what, err)
		}
		wantNoTemporaries(t, dir)
	}
}

// TestOrderOfKeeping checks the order of the steps: times, sync, rename. The name must not be
// visible before the last one.
func TestOrderOfKeeping(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(t, Options{})
	path, err := s.path(name)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	step := func(what string) {
		steps = append(steps, what)
		if exists(path) {
			t.Errorf("the name can be seen before %s", what)
		}
	}
	working := s.system
	s.system.stamp = func(tmp string, atime, mtime time.Time) error {
		step("stamp")
		return working.stamp(tmp, atime, mtime)
	}
	s.system.sync = func(f *os.File) error {
		step("sync")
		if info, err := f.Stat(); err != nil || !info.ModTime().Equal(someTime) || info.Size() != 4 {
			t.Errorf("at the sync: %v, %v", info, err)
		}
		return working.sync(f)
	}
	s.system.place = func(tmp string, name variant.Name) error {
		step("place")
		if filepath.Dir(tmp) != s.tmp || !strings.HasSuffix(tmp, TemporarySuffix) {
			t.Errorf("spooled to %s", tmp)
		}
		return working.place(tmp, name)
	}
	fill(t, s, name, "body", someTime)
	if got := strings.Join(steps, " "); got != "stamp sync place" {
		t.Errorf("steps: %s", got)
	}
}

func TestNoSync(t *testing.T) {
	t.Parallel()
	for _, noSync := range []bool{false, true} {
		s := newStore(t.TempDir(), Derivatives, Options{NoSync: noSync})
		closed, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		closed.Close() // a sync of it fails
		if err := s.system.sync(closed); (err == nil) != noSync {
			t.Errorf("NoSync %v: sync = %v", noSync, err)
		}
	}
}

// TestAllOfMemoryIsOurs makes sure that no Blob contains a pooled buffer.
func TestAllOfMemoryIsOurs(t *testing.T) {
	t.Parallel()
	s, _ := newTestStore(t, Options{})
	s.system = failingSystem(s.system, fullAt(3))
	first, err := s.Fill(t.Context(), name, strings.NewReader("first body"), someTime)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := s.Fill(t.Context(), name, bytes.NewReader(make([]byte, 1000)), someTime); err != nil {
			t.Fatal(err)
		}
	}
	wantNotKept(t, first, "first body")
}
