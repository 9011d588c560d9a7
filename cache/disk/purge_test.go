package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// planted is a file of a cache directory.
type planted struct {
	tier eviction.Tier
	key  variant.Key
	n    int // which derivative; 0 is the original
	age  time.Duration
	size int
}

func (p planted) name() string {
	if p.tier == eviction.Originals {
		return string(p.key.Name())
	}
	return fmt.Sprintf("%s-%024x", p.key.Name(), p.n)
}

func (p planted) path() string {
	return filepath.Join(p.tier.String(), p.name()[:prefixDigits], p.name())
}

func (p planted) count() eviction.Count { return eviction.Count{Files: 1, Bytes: int64(p.size)} }

// purgeTime is when purges of tests run. It must not be long ago, since temp files have a real
// ctime.
var purgeTime = time.Now().Truncate(time.Second)

func purgeNow() time.Time { return purgeTime }

// plant returns a cache directory with these files.
func plant(t testing.TB, files ...planted) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, d := range []string{Originals, Mezzanines, Derivatives, Temporary} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		plantFile(t, filepath.Join(dir, f.path()), f.size, f.age)
	}
	return dir
}

func plantFile(t testing.TB, path string, size int, age time.Duration) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, size), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, purgeTime.Add(-age), someTime); err != nil {
		t.Fatal(err)
	}
}

// tree lists the files below a directory.
func tree(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			paths = append(paths, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	return paths
}

// wantTree fails the test unless exactly these files exist, apart from those of the purge
// itself.
func wantTree(t *testing.T, dir string, want ...string) {
	t.Helper()
	got := slices.DeleteFunc(tree(t, dir), func(p string) bool { return p == censusFile || p == purgeLock })
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("there are\n%q, want\n%q", got, want)
	}
}

func mustPurge(t *testing.T, dir string, policy eviction.Policy, opts PurgeOptions) Summary {
	t.Helper()
	if opts.Now == nil {
		opts.Now = purgeNow
	}
	s, err := Purge(t.Context(), dir, policy, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func someFiles() (old, young []planted) {
	old = []planted{
		{eviction.Originals, "a", 0, 31 * day, 1000},
		{eviction.Mezzanines, "a", 1, 31 * day, 600},
		{eviction.Derivatives, "a", 1, 30*day + time.Second, 100},
		{eviction.Derivatives, "b", 1, 400 * day, 200},
	}
	young = []planted{
		{eviction.Originals, "b", 0, 29 * day, 3000},
		{eviction.Mezzanines, "b", 1, 28 * day, 700},
		{eviction.Mezzanines, "c", 1, time.Hour, 800},
		{eviction.Derivatives, "a", 2, 30 * day, 300},
		{eviction.Derivatives, "b", 2, 0, 400},
		{eviction.Derivatives, "c", 1, -time.Hour, 500},
	}
	return old, young
}

func paths(files []planted) (paths []string) {
	for _, f := range files {
		paths = append(paths, f.path())
	}
	return paths
}

func TestPurgeByAge(t *testing.T) {
	t.Parallel()
	old, young := someFiles()
	dir := plant(t, append(old, young...)...)
	s := mustPurge(t, dir, eviction.Policy{All: eviction.Limits{OlderThan: 30 * day}}, PurgeOptions{})
	wantTree(t, dir, paths(young)...)
	wantTier(t, "originals", s.Originals, eviction.Count{Files: 1, Bytes: 1000}, eviction.Count{Files: 1, Bytes: 3000}, 29*day)
	wantTier(t, "mezzanines", s.Mezzanines, eviction.Count{Files: 1, Bytes: 600}, eviction.Count{Files: 2, Bytes: 1500}, 28*day)
	wantTier(t, "derivatives", s.Derivatives, eviction.Count{Files: 2, Bytes: 300}, eviction.Count{Files: 3, Bytes: 1200}, 30*day)
	if s.TooSmall || s.DryRun || s.Failed != 0 || s.Foreign != 0 || s.Seconds <= 0 {
		t.Errorf("summary = %+v", s)
	}
}

func wantTier(t *testing.T, what string, s TierSummary, removed, kept eviction.Count, oldest time.Duration) {
	t.Helper()
	for _, c := range []*eviction.Count{&s.Removed, &s.Kept, &s.Seen} {
		if c.Bytes > 0 && c.Disk == 0 {
			t.Errorf("%s: %d bytes take nothing on the disk", what, c.Bytes)
		}
		c.Disk = 0
	}
	if s.Removed != removed || s.Kept != kept || s.Seen != removed.Plus(kept) {
		t.Errorf("%s: seen %+v, removed %+v, kept %+v; want removed %+v, kept %+v", what, s.Seen, s.Removed, s.Kept, removed, kept)
	}
	if want := purgeTime.Add(-oldest); !s.OldestKept.Equal(want) {
		t.Errorf("%s: the oldest kept was used at %v, want %v", what, s.OldestKept, want)
	}
}

func TestDryRunIsWhatWouldBe(t *testing.T) {
	t.Parallel()
	for _, policy := range []eviction.Policy{
		{All: eviction.Limits{OlderThan: 30 * day}},
		{All: eviction.Limits{OlderThan: 30 * day, MaxFiles: 3}},
		{Derivatives: eviction.Limits{MaxBytes: 450}},
		{Mezzanines: eviction.Limits{OlderThan: 30 * day, MaxBytes: 900}},
	} {
		old, young := someFiles()
		dir := plant(t, append(old, young...)...)
		before := tree(t, dir)
		plan := mustPurge(t, dir, policy, PurgeOptions{DryRun: true})
		if after := tree(t, dir); !slices.Equal(after, before) {
			t.Fatalf("a dry run made %q of %q", after, before)
		}
		done := mustPurge(t, dir, policy, PurgeOptions{})
		if plan.Left.Derivatives.Count != plan.Derivatives.Kept {
			t.Errorf("would leave %+v", plan.Left)
		}
		if !plan.DryRun || done.DryRun {
			t.Errorf("DryRun = %v and %v", plan.DryRun, done.DryRun)
		}
		plan.DryRun, plan.Seconds, done.Seconds = false, 0, 0
		if !reflect.DeepEqual(plan, done) {
			t.Errorf("planned %+v, did %+v", plan, done)
		}
	}
}

func TestForeignEntriesStay(t *testing.T) {
	t.Parallel()
	dir := plant(t)
	in := func(name string) string { return filepath.Join(Derivatives, "3fa", name) }
	for _, name := range []string{"README", string(name) + ".bak", "3fb0", "3f", "3FA0", ".3fa", "3fa0-", "tmp1.tmp"} {
		plantFile(t, filepath.Join(dir, in(name)), 10, 400*day)
	}
	plantFile(t, filepath.Join(dir, "secret"), 10, 400*day)
	if err := os.Symlink(filepath.Join(dir, "secret"), filepath.Join(dir, in("3fa1"))); err != nil {
		t.Fatal(err)
	}
	plantFile(t, filepath.Join(dir, in("3fa2"), "3fa3"), 10, 400*day) // a directory with a name of ours
	plantFile(t, filepath.Join(dir, Derivatives, "other", "3fa4"), 10, 400*day)
	if err := unix.Mkfifo(filepath.Join(dir, in("3fa5")), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("3fa", filepath.Join(dir, Derivatives, "3fb")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	s := mustPurge(t, dir, eviction.Policy{All: eviction.Limits{OlderThan: day, MaxFiles: 1}}, PurgeOptions{})
	wantTree(t, dir, before...)
	if s.Foreign != 11 || s.Derivatives.Seen.Files != 0 {
		t.Errorf("foreign %d, seen %d; want 11, 0", s.Foreign, s.Derivatives.Seen.Files)
	}
	if s.Failed != 1 { // 3fb, whose name is a directory's and which is none
		t.Errorf("failed %d (%s), want 1", s.Failed, s.Failure)
	}
}

func TestStaleTemps(t *testing.T) {
	t.Parallel()
	dir := plant(t)
	tmp := filepath.Join(dir, Temporary)
	plantFile(t, filepath.Join(tmp, "a.tmp"), 10, 400*day) // its ctime is now
	plantFile(t, filepath.Join(tmp, "b"), 10, 400*day)
	plantFile(t, filepath.Join(tmp, "c.tmp", "d.tmp"), 10, 400*day)
	policy := eviction.Policy{All: eviction.Limits{OlderThan: day}}
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(tmp, "a.tmp"), &st); err != nil {
		t.Fatal(err)
	}
	written := time.Unix(st.Ctim.Unix())
	for _, tt := range []struct {
		later time.Duration
		stale int64
	}{{0, 0}, {staleTempAge, 0}, {staleTempAge + 1, 1}} {
		now := func() time.Time { return written.Add(tt.later) }
		for _, dry := range []bool{true, false} {
			s := mustPurge(t, dir, policy, PurgeOptions{Now: now, DryRun: dry})
			if s.StaleTemps.Files != tt.stale || s.StaleTemps.Bytes != 10*tt.stale {
				t.Errorf("%v later: stale temp files %+v, want %d files", tt.later, s.StaleTemps, tt.stale)
			}
		}
	}
	wantTree(t, dir, "tmp/b", "tmp/c.tmp/d.tmp")
}

// TestWhatFails has a directory from which nothing can be removed, as one of another user, or
// on a read-only disk.
func TestWhatFails(t *testing.T) {
	t.Parallel()
	old, young := someFiles()
	for _, policy := range []eviction.Policy{
		{All: eviction.Limits{OlderThan: 30 * day}},
		{All: eviction.Limits{OlderThan: 30 * day}, Derivatives: eviction.Limits{MaxFiles: 4}}, // a second pass
	} {
		dir := plant(t, append(old, young...)...)
		s := mustPurge(t, dir, policy, PurgeOptions{unlink: func(*os.File, string) error { return unix.EROFS }})
		wantTree(t, dir, append(paths(old), paths(young)...)...)
		if s.Failed < 4 || s.Mezzanines.Removed.Files != 0 || s.Mezzanines.Kept.Files != 3 || s.Derivatives.Removed.Files != 0 || s.Derivatives.Kept.Files != 5 {
			t.Errorf("summary = %+v", s)
		}
		if want := unix.EROFS.Error(); len(s.Failure) < len(want) || s.Failure[len(s.Failure)-len(want):] != want {
			t.Errorf("failure = %q", s.Failure)
		}
	}
}

// A panic counts as one failure. The other shards are purged all the same.
func TestPurgePanics(t *testing.T) {
	t.Parallel()
	var files []planted
	for i := range 20 {
		files = append(files, planted{eviction.Derivatives, variant.Key(fmt.Sprint("k", i)), 1, 60 * day, 10})
	}
	dir := plant(t, files...)
	var panicked atomic.Bool
	s := mustPurge(t, dir, eviction.Policy{All: eviction.Limits{OlderThan: 30 * day}}, PurgeOptions{unlink: func(dir *os.File, name string) error {
		if !panicked.Swap(true) {
			panic("boom")
		}
		return unlink(dir, name)
	}})
	if left := len(tree(t, filepath.Join(dir, Derivatives))); left == 0 || left > 2 || s.Failed != 1 || s.Failure != "panic: boom" {
		t.Errorf("%d files are left, %d failed: %s", left, s.Failed, s.Failure)
	}
}

// If one of several files that rank alike cannot be removed, another one is.
func TestAnotherGoes(t *testing.T) {
	t.Parallel()
	var files []planted
	for i := range 20 {
		files = append(files, planted{eviction.Derivatives, "k", i + 1, day, 10})
	}
	dir := plant(t, files...)
	stuck := ""
	s := mustPurge(t, dir, eviction.Policy{All: eviction.Limits{MaxFiles: 10}}, PurgeOptions{unlink: func(dir *os.File, name string) error {
		if stuck == "" || stuck == name {
			stuck = name
			return unix.EPERM
		}
		return unlink(dir, name)
	}})
	if left := len(tree(t, filepath.Join(dir, Derivatives))); left != 9 || s.Failed != 1 {
		t.Errorf("%d files are left, %d failed; want 9, 1", left, s.Failed)
	}
}

// TestVanished has another process remove the files first.
func TestVanished(t *testing.T) {
	t.Parallel()
	old, young := someFiles()
	dir := plant(t, append(old, young...)...)
	s := mustPurge(t, dir, eviction.Policy{All: eviction.Limits{OlderThan: 30 * day}}, PurgeOptions{unlink: func(dir *os.File, name string) error {
		_ = unlink(dir, name)
		return unix.ENOENT
	}})
	if s.Failed != 0 || s.Derivatives.Removed.Files != 0 || s.Derivatives.Seen.Files != 3 {
		t.Errorf("summary = %+v", s)
	}
}

// A file that is used or created between being counted and being removed is kept. One whose
// last use is in the future is not protected by that.
func TestUsedMeanwhile(t *testing.T) {
	t.Parallel()
	files := []planted{
		{eviction.Derivatives, "used", 1, 90 * day, 10},
		{eviction.Derivatives, "b", 1, 80 * day, 10},
		{eviction.Derivatives, "ahead", 1, -90 * day, 10},
	}
	dir := plant(t, files...)
	fresh := planted{eviction.Derivatives, "fresh", 1, -time.Minute, 10}
	clk := &clock{purgeTime}
	policy := eviction.Policy{Derivatives: eviction.Limits{MaxFiles: 1}}
	passes := 0
	opts := PurgeOptions{Now: clk.Now, Workers: 1, Progress: func(done, all int) {
		if done != all {
			return
		}
		if passes++; passes == 1 {
			clk.now = purgeTime.Add(time.Hour)
			at := purgeTime.Add(time.Minute)
			if err := os.Chtimes(filepath.Join(dir, files[0].path()), at, someTime); err != nil {
				t.Error(err)
			}
			plantFile(t, filepath.Join(dir, fresh.path()), 10, fresh.age)
		}
	}}
	s := mustPurge(t, dir, policy, opts)
	wantTree(t, dir, files[0].path(), fresh.path())
	if passes != 2 || s.Derivatives.Removed.Files != 2 || s.Derivatives.Kept.Files != 2 || !s.TooSmall {
		t.Errorf("%d passes: %+v", passes, s)
	}
}

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	old, _ := someFiles()
	dir := plant(t, old...)
	policy := eviction.Policy{All: eviction.Limits{OlderThan: day}}
	unlock, err := lockPurge(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, wait := range []time.Duration{0, time.Millisecond} {
		if _, err := Purge(t.Context(), dir, policy, PurgeOptions{Wait: wait}); !errors.Is(err, ErrPurging) {
			t.Errorf("with wait %v: %v, want ErrPurging", wait, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Purge(ctx, dir, policy, PurgeOptions{Wait: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("when cancelled: %v", err)
	}
	if s := mustPurge(t, dir, policy, PurgeOptions{DryRun: true}); s.Originals.Removed.Files != 1 {
		t.Errorf("a dry run beside a purge: %+v", s)
	}
	done := make(chan error)
	go func() {
		_, err := Purge(t.Context(), dir, policy, PurgeOptions{Wait: time.Hour})
		done <- err
	}()
	unlock()
	if err := <-done; err != nil {
		t.Error(err)
	}
	wantTree(t, dir)
}

func TestNotACache(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none"), ""} {
		if _, err := Purge(t.Context(), dir, eviction.Policy{}, PurgeOptions{}); !errors.Is(err, ErrNoCache) {
			t.Errorf("Purge(%q) = %v, want ErrNoCache", dir, err)
		}
		if _, err := Forget(t.Context(), dir, nil, nil, ForgetOptions{}); !errors.Is(err, ErrNoCache) {
			t.Errorf("Forget(%q) = %v, want ErrNoCache", dir, err)
		}
	}
}

func TestPurgeCancelled(t *testing.T) {
	t.Parallel()
	old, _ := someFiles()
	dir := plant(t, old...)
	gone := variant.Key("gone")
	for gone.Name()[0] != 'f' { // behind the first directory
		gone += "x"
	}
	mustNote(t, openJournal(t, dir, func() time.Time { return purgeTime.Add(-day) }), gone)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Purge(ctx, dir, eviction.Policy{All: eviction.Limits{OlderThan: day}}, PurgeOptions{
		Workers: 1, Progress: func(int, int) { cancel() }, // after the first directory
	})
	left := len(tree(t, filepath.Join(dir, Originals))) + len(tree(t, filepath.Join(dir, Mezzanines))) + len(tree(t, filepath.Join(dir, Derivatives)))
	if removed := s.removed().Files; !errors.Is(err, context.Canceled) || removed != 1 || left != len(old)-1 {
		t.Errorf("%d removed, %d left, %v", removed, left, err)
	}
	if len(journal(t, dir)) != 1 {
		t.Error("a purge that did not see all files has compacted the journal")
	}
	if _, err := readCensus(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a purge that did not end left a census (%v)", err)
	}
}

func TestCensus(t *testing.T) {
	t.Parallel()
	old, young := someFiles()
	dir := plant(t, append(old, young...)...)
	if _, err := readCensus(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("readCensus before a purge: %v", err)
	}
	mustPurge(t, dir, eviction.Policy{All: eviction.Limits{OlderThan: 60 * day}}, PurgeOptions{})
	c, err := readCensus(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Time.Equal(purgeTime) || c.Originals.Files != 2 || c.Originals.Bytes != 4000 || c.Mezzanines.Files != 3 || c.Mezzanines.Bytes != 2100 || c.Derivatives.Files != 4 {
		t.Errorf("census = %+v", c)
	}
	wantAges(t, c.Derivatives, "2h 2 900", "1d 0 0", "7d 0 0", "30d 0 0", "90d 2 400", "older 0 0")
	wantAges(t, c.Mezzanines, "2h 1 800", "1d 0 0", "7d 0 0", "30d 1 700", "90d 1 600", "older 0 0")
	if err := os.WriteFile(filepath.Join(dir, censusFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readCensus(dir); err == nil {
		t.Error("half a census was read")
	}
}
