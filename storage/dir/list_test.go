package dir_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/storage"
)

// TestListOddFiles: what Open would give is listed, and nothing else; what people
// might miss is told.
func TestListOddFiles(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "secret"), []byte("secret"))
	write(t, filepath.Join(root, "real/cat.jpg"), []byte("cat"))
	write(t, filepath.Join(root, "con\ntrol"), []byte("x"))
	write(t, filepath.Join(root, "latin1-\xe4/x"), []byte("x"))
	write(t, filepath.Join(root, ".hidden"), []byte("h"))
	write(t, filepath.Join(root, ".thumbery-put-ABC"), []byte("half"))
	check(t, os.Mkdir(filepath.Join(root, "empty"), 0o755))
	check(t, unix.Mkfifo(filepath.Join(root, "fifo"), 0o644))
	check(t, os.Symlink("real/cat.jpg", filepath.Join(root, "inside")))
	check(t, os.Symlink("../real/cat.jpg", filepath.Join(root, "real/upwards")))
	check(t, os.Symlink("real", filepath.Join(root, "linked")))
	check(t, os.Symlink("..", filepath.Join(root, "real/loop")))
	check(t, os.Symlink("nowhere", filepath.Join(root, "dangling")))
	check(t, os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, "out")))
	check(t, os.Symlink(outside, filepath.Join(root, "outdir")))

	got, skipped := list(t, newOrigin(t, root), "")
	if want := []string{".hidden", "inside", "real/cat.jpg", "real/upwards"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	if want := []string{"con\ntrol", "dangling", "latin1-\xe4/x", "linked", "out", "outdir", "real/loop"}; !slices.Equal(skipped, want) {
		t.Errorf("skipped %q, want %q", skipped, want)
	}
}

// TestListTooDeep: below what a key can name nobody looks.
func TestListTooDeep(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root) // the whole path is longer than system calls take
	for range 12 {
		check(t, os.Mkdir(strings.Repeat("d", 100), 0o755))
		check(t, os.Chdir(strings.Repeat("d", 100)))
	}
	check(t, os.WriteFile("x", nil, 0o644))
	check(t, os.Chdir(root))
	got, skipped := list(t, newOrigin(t, root), "")
	if len(got) != 0 || len(skipped) != 1 || len(skipped[0]) != 11*101 {
		t.Errorf("listed %q, skipped %q", got, skipped)
	}
}

func TestListNowhere(t *testing.T) {
	t.Parallel()
	n := 0
	for _, err := range newOrigin(t, filepath.Join(t.TempDir(), "missing")).List(t.Context(), "", nil) {
		if n++; !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("error is %v, want ErrUnavailable", err)
		}
	}
	if n != 1 {
		t.Errorf("%d entries, want one with an error", n)
	}
}

func TestListUnreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "a"), nil)
	check(t, os.Mkdir(filepath.Join(root, "lost+found"), 0))
	got, skipped := list(t, newOrigin(t, root), "")
	if !slices.Equal(got, []string{"a"}) || !slices.Equal(skipped, []string{"lost+found/"}) {
		t.Errorf("listed %q, skipped %q", got, skipped)
	}
}

func list(t *testing.T, origin storage.Lister, prefix string) (keys, skipped []string) {
	t.Helper()
	for entry, err := range origin.List(t.Context(), prefix, func(key string) { skipped = append(skipped, key) }) {
		check(t, err)
		keys = append(keys, entry.Key)
	}
	return keys, skipped
}
