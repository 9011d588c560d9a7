package serve

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// underUmask is a command that starts the program with a umask.
func underUmask(umask string, args ...string) []string {
	return append([]string{"sh", "-c", `umask ` + umask + `; exec "$@"`, "sh", e2e.Binary}, args...)
}

// Whatever the umask, the files that serve, prime and purge make can be written by the
// owner and read by the group, which is nginx's.
func TestModes(t *testing.T) {
	t.Parallel()
	for _, umask := range []string{"000", "077"} {
		t.Run(umask, func(t *testing.T) {
			t.Parallel()
			cache := filepath.Join(t.TempDir(), "cache")
			source := []string{"--source", "/=file:" + e2e.Testdata(t), "--cache", cache}
			s := e2e.StartCommand(t, underUmask(umask, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, source...)...))
			s.AwaitAddresses(t)
			e2e.Get(t, s.URL+"/40x/photos/cat.jpg")
			for _, args := range [][]string{
				append([]string{"prime", "--prefix", "odd/gray", "--ops", "20x"}, source...),
				{"purge", "--cache", cache, "--max-files", "1000"},
				{"purge", "--cache", cache, "--source", "odd/gray.jpg"},
			} {
				if err := <-e2e.StartCommand(t, underUmask(umask, args...)).Done; err != nil {
					t.Errorf("%s: %v", args[0], err)
				}
			}
			for _, must := range []string{"originals", "derivatives", "keys"} {
				if len(e2e.Files(t, filepath.Join(cache, must))) == 0 {
					t.Errorf("nothing in %s", must)
				}
			}
			wantModes(t, cache)
		})
	}
}

func wantModes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = d.Info()
		}
		if errors.Is(err, fs.ErrNotExist) { // temporary files go while we look
			return nil
		}
		if err != nil {
			return err
		}
		if want := map[bool]fs.FileMode{true: fs.ModeDir | 0o750, false: 0o640}[d.IsDir()]; info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
