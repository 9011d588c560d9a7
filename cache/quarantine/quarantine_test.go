package quarantine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/internal/files"
	"github.com/thumbery/thumbery/variant"
)

var someTime = time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)

// clock is a clock that stands still until a test sets it.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// isolation is a cache directory that processes use, one after the other.
type isolation struct {
	*clock
	t   *testing.T
	dir string
}

func isolate(t *testing.T) *isolation {
	t.Helper()
	return &isolation{&clock{someTime}, t, t.TempDir()}
}

// process starts a process, which must find so many pictures.
func (i *isolation) process(found int) *Quarantine {
	i.t.Helper()
	q, n, err := Open(i.dir, i.Now)
	if n != found || err != nil {
		i.t.Fatalf("a process finds %d pictures, %v, want %d", n, err, found)
	}
	i.t.Cleanup(q.Close)
	return q
}

// die releases the lock of a process, as the kernel does when it dies.
func die(t *testing.T, q *Quarantine) {
	t.Helper()
	if err := q.work.locked.Close(); err != nil {
		t.Fatal(err)
	}
}

func (i *isolation) begin(q *Quarantine, key variant.Key) (end func()) {
	i.t.Helper()
	end, ok := q.Begin(key.Name(), 1000, someTime)
	if !ok {
		i.t.Fatalf("%s is in quarantine", key)
	}
	return end
}

func (i *isolation) want(q *Quarantine, key variant.Key, held bool) {
	i.t.Helper()
	if end, ok := q.Begin(key.Name(), 1000, someTime); ok == held {
		i.t.Errorf("%s: in quarantine %v, want %v", key, !ok, held)
	} else if ok {
		end()
	}
}

// Only the pictures that a process was working on when it died are refused.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		work  func(*isolation, *Quarantine)
		dies  bool
		found int
	}{
		{"nothing", func(*isolation, *Quarantine) {}, true, 0},
		{"work that is done", func(i *isolation, q *Quarantine) { i.begin(q, "a")() }, true, 0},
		{"work", func(i *isolation, q *Quarantine) { i.begin(q, "a") }, true, 1},
		{"twice the same", func(i *isolation, q *Quarantine) { i.begin(q, "a"); i.begin(q, "a")() }, true, 1},
		{"two sizes of one picture", func(i *isolation, q *Quarantine) { i.begin(q, "a"); i.begin(q, "a") }, true, 1},
		{"work beside others", func(i *isolation, q *Quarantine) {
			done := i.begin(q, "b")
			i.begin(q, "a")
			done()
			i.begin(q, "c")()
		}, true, 1},
		{"an end that comes twice", func(i *isolation, q *Quarantine) {
			done := i.begin(q, "b")
			done()
			i.begin(q, "a")
			done()
		}, true, 1},
		{"more at once than fit into a page", func(i *isolation, q *Quarantine) {
			for n := range 99 {
				i.begin(q, variant.Key(fmt.Sprint("other", n)))
			}
			i.begin(q, "a")
		}, true, 100},
		{"the directory is emptied meanwhile", func(i *isolation, q *Quarantine) {
			i.begin(q, "a")
			if err := os.RemoveAll(filepath.Join(i.dir, Dir)); err != nil {
				i.t.Fatal(err)
			}
			i.begin(q, "b")()
		}, true, 1},
		{"a process that is told to stop", func(i *isolation, q *Quarantine) { i.begin(q, "a"); q.Close(); i.begin(q, "b") }, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := isolate(t)
			q := i.process(0)
			tt.work(i, q)
			i.process(0) // while the other lives
			if tt.dies {
				die(t, q)
			}
			next := i.process(tt.found)
			i.want(next, "a", tt.found > 0)
			i.want(next, "b", false)
			i.process(0) // what was found is not found again
		})
	}
}

// died returns a cache in which a process died while it worked on "a".
func died(t *testing.T) *isolation {
	t.Helper()
	i := isolate(t)
	q := i.process(0)
	i.begin(q, "a")
	die(t, q)
	i.process(1)
	return i
}

// A picture is refused for an hour, unless it is forgotten.
func TestQuarantineEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(*isolation, *Quarantine)
		held bool
	}{
		{"at once", func(*isolation, *Quarantine) {}, true},
		{"soon", func(i *isolation, _ *Quarantine) { i.now = i.now.Add(duration - time.Second) }, true},
		{"later", func(i *isolation, _ *Quarantine) { i.now = i.now.Add(duration) }, false},
		{"the clock is put back", func(i *isolation, _ *Quarantine) { i.now = i.now.Add(-duration) }, false},
		{"a process more", func(i *isolation, _ *Quarantine) { i.process(0) }, true},
		{"a process more, later", func(i *isolation, _ *Quarantine) { i.now = i.now.Add(duration); i.process(0) }, false},
		{"forgotten", func(i *isolation, q *Quarantine) {
			if err := q.Forget(variant.Key("a").Name()); err != nil {
				i.t.Error(err)
			}
		}, false},
		{"another forgotten", func(i *isolation, q *Quarantine) {
			if err := q.Forget(variant.Key("b").Name()); err != nil {
				i.t.Error(err)
			}
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := died(t)
			q := i.process(0)
			tt.do(i, q)
			i.want(q, "a", tt.held)
			i.want(i.process(0), "a", tt.held)
		})
	}
}

// Only the version that a process died of is refused, with any cache buster.
func TestQuarantineIsOfAVersion(t *testing.T) {
	t.Parallel()
	i := died(t)
	q := i.process(0)
	for _, tt := range []struct {
		name     string
		original variant.Name
		size     int64
		modTime  time.Time
		held     bool
	}{
		{"the same", variant.Key("a").Name(), 1000, someTime, true},
		{"with a cache buster", variant.Variant{Version: "2"}.Original("a"), 1000, someTime, true},
		{"of another size", variant.Key("a").Name(), 1001, someTime, false},
		{"of another time", variant.Key("a").Name(), 1000, someTime.Add(time.Second), false},
		{"of no time", variant.Key("a").Name(), 1000, time.Time{}, false},
	} {
		if _, ok := q.Begin(tt.original, tt.size, tt.modTime); ok == tt.held {
			t.Errorf("%s: held %v", tt.name, !ok)
		}
	}
}

// The number of entries is bounded. The newest ones stay.
func TestQuarantineIsBounded(t *testing.T) {
	t.Parallel()
	i := isolate(t)
	for n := range maxEntries/64 + 1 {
		q := i.process(min(n, 1) * 64)
		for k := range 64 {
			i.begin(q, variant.Key(fmt.Sprint(n, " ", k)))
		}
		die(t, q)
		i.now = i.now.Add(time.Minute)
	}
	q := i.process(64)
	if names, err := files.Names(filepath.Join(i.dir, Dir)); err != nil || len(names) != maxEntries+1 { // and q's own
		t.Errorf("%d files, %v", len(names), err)
	}
	i.want(q, "0 0", false)
	i.want(q, "1 0", true)
}

// Files of others do no harm, and stay.
func TestQuarantineOfForeignFiles(t *testing.T) {
	t.Parallel()
	i := isolate(t)
	dir := filepath.Join(i.dir, Dir)
	if err := os.MkdirAll(filepath.Join(dir, "directory"), 0o755); err != nil {
		t.Fatal(err)
	}
	entry := entryOf(variant.Key("a").Name(), 1000, someTime)
	text := strings.Repeat("\xff", 2*slotBytes) + "../../../etc/passwd" + strings.Repeat("\x00", slotBytes-19) + entry
	for name, body := range map[string]string{"garbage" + workSuffix: text, "empty" + workSuffix: "", "README": "hello", "a-1-2": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"+workSuffix), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link"+workSuffix)); err != nil {
		t.Fatal(err)
	}
	q, found, err := Open(i.dir, i.Now)
	if found != 1 || err == nil { // of the link
		t.Errorf("found %d, %v", found, err)
	}
	i.want(q, "a", true)
	if err := q.Forget(variant.Key("a").Name()); err != nil {
		t.Error(err)
	}
	q.Close()
	names, err := files.Names(dir)
	if err != nil || len(names) != 4 { // README, a-1-2, the directory and the link
		t.Errorf("left are %q, %v", names, err)
	}
}

// If nothing can be written, nothing is remembered, and work continues.
func TestQuarantineCannotBeWritten(t *testing.T) {
	t.Parallel()
	i := isolate(t)
	file := filepath.Join(i.dir, Dir)
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	q, found, err := Open(i.dir, i.Now)
	if found != 0 || err == nil {
		t.Errorf("found %d, %v", found, err)
	}
	defer q.Close()
	i.begin(q, "a")()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	i.begin(q, "a") // now it can
	die(t, q)
	i.want(i.process(1), "a", true)
}

func BenchmarkQuarantine(b *testing.B) {
	q, _, err := Open(b.TempDir(), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer q.Close()
	original := variant.Key("photos/cat.jpg").Name()
	for b.Loop() {
		end, ok := q.Begin(original, 1000, someTime)
		if !ok {
			b.Fatal("in quarantine")
		}
		end()
	}
}
