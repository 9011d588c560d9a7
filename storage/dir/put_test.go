package dir_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// TestPutFile: a file as others make them, with the time of the original.
func TestPutFile(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	modTime := time.Date(2019, 3, 4, 5, 6, 7, 800, time.UTC)
	check(t, newOrigin(t, root).Put(t.Context(), "a/b/cat.jpg", strings.NewReader("cat"), 3, modTime))
	info, err := os.Stat(filepath.Join(root, "a/b/cat.jpg"))
	check(t, err)
	if info.Mode().Perm()&0o600 != 0o600 || !info.ModTime().Equal(modTime) {
		t.Errorf("mode %v, time %v", info.Mode(), info.ModTime())
	}
	wantFiles(t, root, "a/b/cat.jpg")
}

// TestPutLeavesNothing: what fails is not there under any name.
func TestPutLeavesNothing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	origin := newOrigin(t, root)
	broken := errors.New("broken")
	err := origin.Put(t.Context(), "a", io.MultiReader(strings.NewReader("cat"), failing{broken}), 10, time.Time{})
	if !errors.Is(err, broken) || errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error is %v, want what the body returned", err)
	}
	wantFiles(t, root)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestPutInTheWay: there is something that is no object, and stays.
func TestPutInTheWay(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	write(t, filepath.Join(root, "dir/file"), []byte("file"))
	check(t, os.Symlink("nowhere", filepath.Join(root, "dangling")))
	check(t, os.Symlink(outside, filepath.Join(root, "away")))
	check(t, os.Symlink("dir/file", filepath.Join(root, "link")))
	origin := newOrigin(t, root)
	tests := []struct {
		key  string
		want error
	}{
		{"dir", storage.ErrRefused},
		{"dir/file/x", storage.ErrRefused},
		{"dangling", storage.ErrRefused},
		{"away/x", storage.ErrRefused},
		{"../x", storage.ErrRefused},
		{"link", storage.ErrExists},
		{strings.Repeat("x", 300), storage.ErrRefused},
	}
	for _, tt := range tests {
		if err := origin.Put(t.Context(), tt.key, strings.NewReader("new"), 3, time.Time{}); !errors.Is(err, tt.want) {
			t.Errorf("%.30s: %v, want %v", tt.key, err, tt.want)
		}
	}
	wantFiles(t, root, "away", "dangling", "dir/file", "link")
	wantFiles(t, outside)
	if got := readAll(t, origin, "dir/file"); got != "file" {
		t.Errorf("dir/file is %q now", got)
	}
}

func TestPutNowhere(t *testing.T) {
	t.Parallel()
	origin := newOrigin(t, filepath.Join(t.TempDir(), "missing"))
	err := origin.Put(t.Context(), "a", strings.NewReader("a"), 1, time.Time{})
	if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrRefused) {
		t.Errorf("error is %v, want ErrUnavailable only", err)
	}
}

// wantFiles checks what there is below a directory besides directories.
func wantFiles(t *testing.T, root string, want ...string) {
	t.Helper()
	var got []string
	check(t, fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, path)
		}
		return err
	}))
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("there is %q, want %q", got, want)
	}
}
