package dir_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/dir"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func TestConforms(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, filled)
	storagetest.RunWriter(t, filled)
	storagetest.RunLister(t, filled)
}

// filled makes an origin that has the objects.
func filled(t *testing.T, objects map[string][]byte) storage.Origin {
	root := t.TempDir()
	for key, data := range objects {
		write(t, filepath.Join(root, key), data)
	}
	return newOrigin(t, root)
}

// TestNoFile has what lies in a directory and is no original: all of it is
// ErrNotFound, at once.
func TestNoFile(t *testing.T) {
	outside := t.TempDir()
	write(t, filepath.Join(outside, "secret"), []byte("secret"))
	root := t.TempDir()
	check(t, os.Mkdir(filepath.Join(root, "directory"), 0o755))
	check(t, unix.Mkfifo(filepath.Join(root, "fifo"), 0o644))
	check(t, os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, "absolute")))
	check(t, os.Symlink("../"+filepath.Base(outside)+"/secret", filepath.Join(root, "relative")))
	check(t, os.Symlink(outside, filepath.Join(root, "away")))
	check(t, os.Symlink("loop", filepath.Join(root, "loop")))
	check(t, os.Symlink("nowhere", filepath.Join(root, "dangling")))
	check(t, os.Symlink("/dev/zero", filepath.Join(root, "device")))
	listen(t, root, "socket")

	origin := newOrigin(t, root)
	for _, key := range []string{
		"directory", "fifo", "socket", "absolute", "relative", "away/secret", "loop", "dangling", "device",
		"../" + filepath.Base(outside) + "/secret", "/etc/passwd", "directory/../../" + filepath.Base(outside) + "/secret",
	} {
		object, err := origin.Open(t.Context(), key, storage.Version{})
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: got %v, %v; want ErrNotFound", key, object, err)
		}
	}
}

// listen makes a socket; its path is given relative to the working directory,
// as there is little room for a path in a socket's address.
func listen(t *testing.T, root, name string) {
	t.Helper()
	t.Chdir(root)
	l, err := net.Listen("unix", name)
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
}

func TestLinksInside(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, filepath.Join(root, "real/cat.jpg"), []byte("cat"))
	check(t, os.Symlink("real", filepath.Join(root, "link")))
	check(t, os.Symlink("link/cat.jpg", filepath.Join(root, "cat.jpg")))
	for _, key := range []string{"link/cat.jpg", "cat.jpg"} {
		if got := readAll(t, newOrigin(t, root), key); got != "cat" {
			t.Errorf("%s: %q", key, got)
		}
	}
}

func TestRootGone(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	write(t, filepath.Join(parent, "file"), nil)
	for _, name := range []string{"missing", "file"} {
		origin := newOrigin(t, filepath.Join(parent, name))
		if _, err := origin.Open(t.Context(), "a", storage.Version{}); !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: Open gives %v, want ErrUnavailable only", name, err)
		}
		if err := origin.Check(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: Check gives %v, want ErrUnavailable", name, err)
		}
	}
}

func TestRootSwitched(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	write(t, filepath.Join(parent, "1/a"), []byte("old"))
	write(t, filepath.Join(parent, "2/a"), []byte("new"))
	link := filepath.Join(parent, "current")
	origin := newOrigin(t, link)
	for release, want := range map[string]string{"1": "old", "2": "new"} {
		_ = os.Remove(link)
		check(t, os.Symlink(release, link))
		if got := readAll(t, origin, "a"); got != want {
			t.Errorf("release %s: read %q, want %q", release, got, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may read everything; the mapping is tested in TestFailure")
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "a"), []byte("a"))
	check(t, os.Chmod(filepath.Join(root, "a"), 0))
	storagetest.WantRefused(t, newOrigin(t, root), "a")
}

// TestChangedWhileRead has a file that gets shorter or longer after Open.
func TestChangedWhileRead(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{3, 30} {
		root := t.TempDir()
		write(t, filepath.Join(root, "a"), []byte("0123456789"))
		object, err := newOrigin(t, root).Open(t.Context(), "a", storage.Version{})
		check(t, err)
		check(t, os.Truncate(filepath.Join(root, "a"), size))
		if got, err := io.ReadAll(object.Body); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("10 bytes became %d: read %q, %v; want ErrUnavailable", size, got, err)
		}
		check(t, object.Body.Close())
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	path := filepath.Join(root, "a")
	write(t, path, []byte("0123"))
	check(t, os.Chtimes(path, time.Time{}, time.Unix(1_700_000_000, 123_456_789)))
	object, err := newOrigin(t, root).Open(t.Context(), "a", storage.Version{})
	check(t, err)
	defer object.Body.Close()
	if want := time.Unix(1_700_000_000, 0).UTC(); object.ModTime != want {
		t.Errorf("ModTime %v, want %v", object.ModTime, want)
	}
	if want := "17979cfe3d85cd15-4"; object.ETag != want {
		t.Errorf("ETag %q, want %q", object.ETag, want)
	}
}

func TestOpenURL(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	here, _ = os.Getwd()
	for _, name := range []string{"pictures", "a b/c", "x"} {
		check(t, os.MkdirAll(name, 0o755))
	}
	check(t, os.WriteFile("file", nil, 0o644))
	tests := []struct{ url, want, problem string }{
		{"file://" + here + "/pictures", "file://" + here + "/pictures", ""},
		{"file://" + here + "/a%20b", "file://" + here + "/a%20b", ""},
		{"file:" + here, "file://" + here, ""},
		{"file:///nonexistent", "", dir.ErrNoDirectory.Error()},
		{"file:file", "", dir.ErrNoDirectory.Error()},
		{"file:pictures", "file://" + here + "/pictures", ""},
		{"file:a%20b/c", "file://" + here + "/a%20b/c", ""},
		{"file:./x", "file://" + here + "/x", ""},
		{"file://srv/pictures", "", "no host"},
		{"file://", "", "without a directory"},
		{"file:a?mode=ro", "", `unknown parameter "mode"`},
		{"s3://bucket", "", `"s3"`},
		{"file:%zz", "", "invalid URL escape"},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		check(t, err)
		origin, err := dir.Open(u)
		switch {
		case tt.problem != "":
			if err == nil || !strings.Contains(err.Error(), tt.problem) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error is %v, want one line with %q", tt.url, err, tt.problem)
			}
		case err != nil:
			t.Errorf("%s: %v", tt.url, err)
		case origin.String() != tt.want:
			t.Errorf("%s: %s, want %s", tt.url, origin, tt.want)
		}
	}
}

func newOrigin(t *testing.T, root string) *dir.Origin {
	t.Helper()
	origin, err := dir.New(root)
	check(t, err)
	return origin
}

func readAll(t *testing.T, origin storage.Origin, key string) string {
	t.Helper()
	object, err := origin.Open(t.Context(), key, storage.Version{})
	check(t, err)
	defer object.Body.Close()
	got, err := io.ReadAll(object.Body)
	check(t, err)
	return string(got)
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(t, os.WriteFile(path, data, 0o644))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
