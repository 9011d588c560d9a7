package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

type owner struct{ uid, gid int }

func ownerOf(t *testing.T, path string) owner {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	return owner{int(st.Uid), int(st.Gid)}
}

// useAll creates everything that a cache directory consists of, as a server, a compaction of
// the journal and a purge do.
func useAll(t *testing.T, dir string) {
	t.Helper()
	for _, tier := range []string{Originals, Mezzanines, Derivatives} {
		s, err := Open(dir, tier, Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		fill(t, s, name, "body", someTime)
		if err := os.RemoveAll(s.tmp); err != nil { // it is made anew
			t.Fatal(err)
		}
		fill(t, s, source, "body", someTime)
	}
	j := openJournal(t, dir, func() time.Time { return purgeTime.Add(-day) })
	mustNote(t, j, "a", "b")
	before, err := os.Stat(filepath.Join(j.dir, string(variant.Key("a").Name()[:2])))
	if err != nil {
		t.Fatal(err)
	}
	mustPurge(t, dir, eviction.Policy{}, PurgeOptions{})
	if after, err := os.Stat(filepath.Join(j.dir, before.Name())); err != nil || os.SameFile(before, after) {
		t.Errorf("the journal was not written anew, %v", err)
	}
}

// wantModes fails the test unless dir and everything below it has the modes of a cache
// directory and that owner.
func wantModes(t *testing.T, dir string, of owner) {
	t.Helper()
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := files.FileMode
		if d.IsDir() {
			want = fs.ModeDir | files.DirMode
		}
		if info.Mode() != want || ownerOf(t, path) != of {
			t.Errorf("%s has mode %v and owner %v, want %v and %v", path, info.Mode(), ownerOf(t, path), want, of)
		}
		rel, err := filepath.Rel(dir, path)
		seen[strings.Split(rel, "/")[0]] = true
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, must := range []string{Originals, Mezzanines, Derivatives, Temporary, journalDir, censusFile, purgeLock} {
		if !seen[must] {
			t.Errorf("there is no %s", must)
		}
	}
}

// The umask is that of the process, so that this test must not run in parallel with others.
func TestModesWhateverTheUmask(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o027, 0o077, 0o777} {
		t.Run(fmt.Sprintf("%03o", umask), func(t *testing.T) {
			if umask == 0o777 && os.Geteuid() != 0 {
				t.Skip("only root can use what nobody may read")
			}
			dir := filepath.Join(t.TempDir(), "cache")
			defer unix.Umask(unix.Umask(umask))
			useAll(t, dir)
			wantModes(t, dir, ownerOf(t, filepath.Dir(dir)))
		})
	}
}

// Files that root creates can be used by the server, which is another user.
func TestRootMakesForTheOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir, other := t.TempDir(), owner{65534, 65533}
	if err := errors.Join(os.Chown(dir, other.uid, other.gid), os.Chmod(dir, files.DirMode)); err != nil {
		t.Fatal(err)
	}
	useAll(t, dir)
	wantModes(t, dir, other)
}

// What an older version created keeps its mode, also the setgid bit, and what is created in it
// gets the new modes.
func TestModesOfWhatIsThereStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	older := map[string]fs.FileMode{Originals: 0o755, Derivatives: 0o777, journalDir: 0o755 | fs.ModeSetgid}
	for d, mode := range older {
		if err := errors.Join(os.Mkdir(filepath.Join(dir, d), 0), os.Chmod(filepath.Join(dir, d), mode)); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{purgeLock, censusFile} {
		older[f] = 0o644
		if err := errors.Join(os.WriteFile(filepath.Join(dir, f), nil, 0), os.Chmod(filepath.Join(dir, f), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	delete(older, censusFile) // each purge writes it anew
	useAll(t, dir)
	for path, want := range older {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Mode()&^fs.ModeDir != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}
