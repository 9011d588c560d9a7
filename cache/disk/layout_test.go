package disk

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The parts of TestOpen share one cache directory.
func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "cache")
	for _, tier := range []string{Originals, Mezzanines, Derivatives} {
		if _, err := Open(dir, tier, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range []struct {
		what string
		test func(t *testing.T, dir string)
	}{
		{"makes all directories", openMakesAll},
		{"a second time writes nothing", openWritesNothing},
		{"makes a tier that an older version did not have", openMakesTier},
		{"keeps what is there", openKeeps},
		{"of a relative directory", openRelative},
	} {
		t.Run(part.what, func(t *testing.T) { part.test(t, dir) })
	}
}

func openMakesAll(t *testing.T, dir string) {
	wantDirs(t, dir, []string{Derivatives, Mezzanines, Originals, Temporary})
	for _, d := range []string{Originals, Mezzanines, Derivatives, Temporary} {
		wantDirs(t, filepath.Join(dir, d), nil)
	}
}

// wantDirs fails the test unless dir has exactly these directories, of mode 0750.
func wantDirs(t *testing.T, dir string, want []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Fatalf("%s has %d entries, want %d", dir, len(entries), len(want))
	}
	for i, e := range entries {
		info, err := e.Info()
		if err != nil || e.Name() != want[i] || info.Mode() != os.ModeDir|0o750 {
			t.Fatalf("%s has %v (%v), want directory %s of mode 0750", dir, info, err, want[i])
		}
	}
}

func openMakesTier(t *testing.T, dir string) {
	if err := os.RemoveAll(filepath.Join(dir, Mezzanines)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, Mezzanines, Options{})
	if err != nil {
		t.Fatal(err)
	}
	openMakesAll(t, dir)
	path := fill(t, s, name, "body", someTime)
	wantDirs(t, filepath.Join(dir, Mezzanines), []string{string(name[:3])}) // made with its first file
	if want := filepath.Join(dir, "mezzanines", string(name[:3]), string(name)); path != want {
		t.Errorf("the file is %s, want %s", path, want)
	}
}

func openKeeps(t *testing.T, dir string) {
	for range 2 {
		s, err := Open(dir, Originals, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !exists(filepath.Join(dir, Originals, string(name[:3]), string(name))) {
			fill(t, s, name, "body", someTime)
			continue
		}
		wantOpen(t, s, name, "body")
	}
}

// TestOpenAtOnce has several processes start on an empty directory.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := Open(dir, Originals, Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// openWritesNothing stands for a read-only file system, which takes root to mount.
func openWritesNothing(t *testing.T, dir string) {
	past := time.Unix(1e9, 0)
	dirs := []string{dir, filepath.Join(dir, Originals), filepath.Join(dir, Temporary)}
	for _, d := range dirs {
		if err := os.Chtimes(d, past, past); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, Originals, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if info, err := os.Stat(d); err != nil || !info.ModTime().Equal(past) {
			t.Errorf("Open changed %s (%v)", d, err)
		}
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dir, tier, want string }{
		{file, Originals, "let uid"},
		{filepath.Join(file, "below"), Originals, "let uid"},
		{base, "", "there is no tier"},
		{base, "mezzanine", "only [originals mezzanines derivatives]"},
		{base, "..", "there is no tier"},
		{base, Temporary, "there is no tier"},
	} {
		_, err := Open(c.dir, c.tier, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.dir) {
			t.Errorf("Open(%q, %q) = %v, want it to name the directory and say %q", c.dir, c.tier, err, c.want)
		}
	}
}

func openRelative(t *testing.T, dir string) {
	t.Chdir(filepath.Dir(dir))
	s, err := Open("./cache/", Derivatives, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("/")
	path := fill(t, s, name, "body", someTime)
	b, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if want := dir + "/" + b.Path; path != want {
		t.Errorf("the file is %s, want %s", path, want)
	}
}

// A directory that was removed is created again by the next write and by restore, which says
// what was missing.
func TestRemovedWhileInUse(t *testing.T) {
	t.Parallel()
	for _, restored := range []bool{false, true} {
		for _, part := range []string{Originals, Mezzanines, Derivatives, Temporary, journalDir, "."} {
			dir := filepath.Join(t.TempDir(), "cache")
			stores := map[string]*Store{}
			for _, tier := range []string{Originals, Mezzanines, Derivatives} {
				s, err := Open(dir, tier, Options{NoSync: true})
				if err != nil {
					t.Fatal(err)
				}
				stores[tier] = s
				fill(t, s, source, "body", someTime)
			}
			j := openJournal(t, dir, nil)
			if err := os.RemoveAll(filepath.Join(dir, part)); err != nil {
				t.Fatal(err)
			}
			if restored {
				wantMissing(t, dir, part)
			}
			for _, s := range stores {
				fill(t, s, name, "body", someTime)
				wantOpen(t, s, name, "body")
			}
			mustNote(t, j, "a")
			if missing, err := restore(dir); err != nil || len(missing) > 0 {
				t.Errorf("%s: %q are missing, %v", part, missing, err)
			}
			wantDirs(t, dir, []string{Derivatives, journalDir, Mezzanines, Originals, Temporary})
		}
	}
}

// wantMissing calls restore, which must find that part missing, or all parts if it is ".".
func wantMissing(t *testing.T, dir, part string) {
	t.Helper()
	missing, err := restore(dir)
	if err != nil || part == "." && len(missing) != 5 || part != "." && !slices.Equal(missing, []string{part}) {
		t.Errorf("%s: %q are missing, %v", part, missing, err)
	}
}

func TestRestoreFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, Mezzanines), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := restore(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("with a file in the way: %v", err)
	}
}
