package cache_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
)

// brokenFile is a cache.File whose reads fail after n bytes.
type brokenFile struct {
	*io.SectionReader
	closed *bool
}

func newBrokenFile(body string, n int64, err error) brokenFile {
	r := cachetest.Failing(strings.NewReader(body), n, err)
	return brokenFile{io.NewSectionReader(r, 0, int64(len(body))), new(bool)}
}

func (f brokenFile) Close() error {
	*f.closed = true
	return nil
}

// Every way to read a body reports that it is unreadable, and Close then tells the store, once
// and while the file is open.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	const body = "0123456789"
	for name, read := range map[string]func(*cache.Blob) error{
		"Bytes": func(b *cache.Blob) error { _, err := b.Bytes(); return err },
		"At": func(b *cache.Blob) error {
			_, err := io.Copy(io.Discard, io.NewSectionReader(b.At(), 0, b.Size))
			return err
		},
		"Content": func(b *cache.Blob) error {
			if n, err := io.Copy(io.Discard, b.Content()); err == nil || errors.Is(err, cache.ErrUnreadable) {
				t.Errorf("Content gave %d bytes, %v", n, err)
			}
			return b.ContentError()
		},
	} {
		for _, n := range []int64{0, 1, 9} {
			f := newBrokenFile(body, n, syscall.EIO)
			b := cache.OnDisk(f, int64(len(body)), time.Time{}, "originals/x")
			told := 0
			b.OnUnreadable = func(of cache.File, _ *cache.Blob) {
				if told++; of != cache.File(f) || *f.closed {
					t.Errorf("%s: told of %v, closed: %v", name, of, *f.closed)
				}
			}
			if err := read(b); !errors.Is(err, cache.ErrUnreadable) || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), b.Path) {
				t.Errorf("%s behind %d bytes: %v", name, n, err)
			}
			if err := errors.Join(b.Close(), b.Close()); err != nil || told != 1 || !*f.closed {
				t.Errorf("%s: Close: %v, told %d times", name, err, told)
			}
		}
	}
}

// A truncated file is unreadable, too. A whole one is not, however much of it was read.
func TestCutShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := cache.OnDisk(f, 10, time.Time{}, "body")
	defer b.Close()
	for _, n := range []int64{0, 3, 10} {
		if _, err := io.CopyN(io.Discard, b.Content(), n); err != nil || b.ContentError() != nil {
			t.Errorf("read %d bytes: %v, %v", n, err, b.ContentError())
		}
	}
	if n, err := b.At().ReadAt(make([]byte, 4), 8); n != 2 || err != io.EOF || b.Unreadable() {
		t.Errorf("beyond the end: %d, %v", n, err)
	}
	if err := os.Truncate(path, 4); err != nil {
		t.Fatal(err)
	}
	_, err = io.CopyN(io.Discard, b.Content(), 10)
	if stopped := b.ContentError(); err != io.EOF || !errors.Is(stopped, cache.ErrUnreadable) || !errors.Is(stopped, io.ErrUnexpectedEOF) {
		t.Errorf("Content of what was cut: %v, %v", err, stopped)
	}
	if _, err := b.Bytes(); !errors.Is(err, cache.ErrUnreadable) || !b.Unreadable() {
		t.Errorf("Bytes of what was cut: %v", err)
	}
}
