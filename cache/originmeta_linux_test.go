package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
)

func onDisk(t *testing.T) (*cache.Blob, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(path, []byte("body"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := cache.OnDisk(f, 4, time.Time{}, "body")
	t.Cleanup(func() { b.Close() })
	return b, path
}

func TestOriginMeta(t *testing.T) {
	t.Parallel()
	checked := time.Unix(1_700_000_000, 0)
	for name, want := range map[string]cache.OriginMeta{
		"with an ETag": {ETag: "5d41402a-3", Checked: checked},
		"odd ETag":     {ETag: `a b "c" 日本`, Checked: checked},
		"without":      {Checked: checked},
		"the epoch":    {ETag: "x", Checked: time.Unix(0, 0)},
		"before":       {ETag: "1 2", Checked: checked, Before: time.Unix(1_600_000_000, 0).UTC()},
	} {
		b, _ := onDisk(t)
		if _, err := b.OriginMeta(); !errors.Is(err, cache.ErrNoOriginMeta) {
			t.Errorf("%s: before: %v, want ErrNoLabel", name, err)
		}
		if err := b.SetOriginMeta(want); errors.Is(err, unix.ENOTSUP) {
			t.Skip("no extended attributes here")
		} else if err != nil {
			t.Fatal(err)
		}
		if got, err := b.OriginMeta(); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
		}
	}
}

// Metadata that is too long loses its ETag; what other programs wrote is ignored.
func TestOddOriginMeta(t *testing.T) {
	t.Parallel()
	b, path := onDisk(t)
	if err := b.SetOriginMeta(cache.OriginMeta{ETag: strings.Repeat("x", 600), Checked: time.Unix(5, 0)}); errors.Is(err, unix.ENOTSUP) {
		t.Skip("no extended attributes here")
	}
	if got, err := b.OriginMeta(); err != nil || got != (cache.OriginMeta{Checked: time.Unix(5, 0)}) {
		t.Errorf("too long: %+v, %v", got, err)
	}
	for _, text := range []string{"", "yesterday", "12", "12x 4 y", "12 y", strings.Repeat("9", 600)} {
		if err := unix.Setxattr(path, "user.thumbery.origin", []byte(text), 0); err != nil {
			t.Fatal(err)
		}
		if got, err := b.OriginMeta(); !errors.Is(err, cache.ErrNoOriginMeta) {
			t.Errorf("%.20q: %+v, %v", text, got, err)
		}
	}
}

func TestOriginMetaInMemory(t *testing.T) {
	t.Parallel()
	b := cache.InMemory([]byte("body"), time.Time{})
	if err := b.SetOriginMeta(cache.OriginMeta{ETag: "x"}); !errors.Is(err, cache.ErrNoOriginMeta) {
		t.Error(err)
	}
	if _, err := b.OriginMeta(); !errors.Is(err, cache.ErrNoOriginMeta) {
		t.Error(err)
	}
}
