package disk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// What the version before wrote for photos/cat.jpg, copied from its directory. Nothing here
// may be computed by the code under test.
const (
	oldKey        = variant.Key("photos/cat.jpg")
	oldOriginal   = "9c4712116d1c1877625b387799d06180"
	oldDerivative = "9c4712116d1c1877625b387799d06180-9ae5152cfe19c77f4353bba9" // of 300x200
	oldJournal    = "\n1700000000 \"photos/cat.jpg\""
	oldCensus     = `{
  "time": "2023-11-14T22:13:20Z",
  "originals": {"files": 1, "bytes": 17, "disk": 4096, "ages": [{"below": "2h", "files": 1, "bytes": 17, "disk": 4096}]},
  "mezzanines": {"files": 1, "bytes": 18, "disk": 4096, "ages": [{"below": "2h", "files": 1, "bytes": 18, "disk": 4096}]},
  "derivatives": {"files": 1, "bytes": 19, "disk": 4096, "ages": [{"below": "2h", "files": 1, "bytes": 19, "disk": 4096}]}
}
`
	oldMeta    = "1700000000 1400000000 5d41402a-3"
	oldModTime = 1_500_000_000
	oldUse     = 1_700_000_000
	oldEntry   = "9c4712116d1c1877625b387799d06180-11-59682f00"
	oldWork    = "66157da1e40d23d9758a177d1cea6333-3e8-0" // photos/dog.jpg
)

// oldFiles are the bodies by their paths.
var oldFiles = map[string]string{
	"originals/9c4/" + oldOriginal:                                             "body of originals",
	"mezzanines/9c4/9c4712116d1c1877625b387799d06180-00000000000000000000000a": "body of mezzanines",
	"derivatives/9c4/" + oldDerivative:                                         "body of derivatives",
}

// oldDirectory is the cache directory of the version before, with the quarantine that it kept
// on disk.
func oldDirectory(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write := func(path, text string) string {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(text), 0o640)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, body := range oldFiles {
		if err := os.Chtimes(write(path, body), time.Unix(oldUse, 0), time.Unix(oldModTime, 0)); err != nil {
			t.Fatal(err)
		}
	}
	write("keys/9c", oldJournal)
	write("census.json", oldCensus)
	write("purge.lock", "")
	write("quarantine/"+oldEntry, "")
	write("quarantine/45RCW4U2ARMAYXEDMEABIZYOML.working", oldWork+string(make([]byte, 4096-len(oldWork))))
	return dir
}

// Hits stay hits.
func TestHitsOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	dir := oldDirectory(t)
	v, err := variant.Parse("300x200")
	if err != nil || v.Name(oldKey, 0, "1") != oldDerivative || v.Original(oldKey) != oldOriginal {
		t.Errorf("names: %v, %s, %s", err, v.Name(oldKey, 0, "1"), v.Original(oldKey))
	}
	for path, body := range oldFiles {
		tier, name := filepath.Dir(filepath.Dir(path)), variant.Name(filepath.Base(path))
		s, err := Open(dir, tier, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Open(name)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		defer b.Close()
		if got, err := io.ReadAll(b.Content()); string(got) != body || err != nil || b.Path != path || b.ModTime.Unix() != oldModTime {
			t.Errorf("%s: %q of %v at %s, %v", path, got, b.ModTime, b.Path, err)
		}
	}
}

func TestOriginMetaOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	dir := oldDirectory(t)
	path := filepath.Join(dir, "originals/9c4", oldOriginal)
	if err := unix.Setxattr(path, "user.thumbery.origin", []byte(oldMeta), 0); err != nil {
		t.Skipf("no extended attributes here: %v", err)
	}
	b, err := newStore(dir, Originals, Options{}).Open(oldOriginal)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	want := cache.OriginMeta{ETag: "5d41402a-3", Checked: time.Unix(oldUse, 0), Before: time.Unix(1_400_000_000, 0).UTC()}
	if m, err := b.OriginMeta(); m != want || err != nil {
		t.Errorf("%+v, %v, want %+v", m, err, want)
	}
}

// A purge counts and compacts, the inventory knows the last census, and a prefix is found.
func TestPurgeOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	dir := oldDirectory(t)
	if s := NewInventory(dir).Stock(); s.Counted.Time.Unix() != oldUse || s.Mezzanines != (eviction.Count{Files: 1, Bytes: 18, Disk: 4096}) {
		t.Errorf("the inventory has %+v", s)
	}
	s := mustPurge(t, dir, eviction.Policy{}, PurgeOptions{Now: time.Now})
	if s.Originals.Kept.Bytes != 17 || s.Mezzanines.Kept.Bytes != 18 || s.Derivatives.Kept.Bytes != 19 || s.Foreign+s.Failed != 0 {
		t.Errorf("a purge sees %+v", s)
	}
	if exists(filepath.Join(dir, "quarantine")) {
		t.Error("the quarantine of that version is still there")
	}
	f, err := Forget(t.Context(), dir, nil, []string{"photos/"}, ForgetOptions{})
	if err != nil || f.Pictures != 1 || f.Originals.Files != 1 || f.Mezzanines.Files != 1 || f.Derivatives.Files != 1 || f.Failed != 0 {
		t.Errorf("forgot %+v, %v", f, err)
	}
}
