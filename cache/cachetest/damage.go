package cachetest

import (
	"bytes"
	"cmp"
	"io"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// damage makes the reading of an entry fail with err after n bytes.
type damage struct {
	err error
	n   int64
}

// Damage makes reading the present entries fail with err after their first n bytes, as on a
// disk with bad sectors.
func (f *Fake) Damage(err error, n int64) {
	f.set(func() {
		for name, e := range f.entries {
			e.damage = &damage{err, n}
			f.entries[name] = e
		}
	})
}

// FailRead does that for all entries, also for those that are stored later.
func (f *Fake) FailRead(err error, n int64) { f.set(func() { f.damage = &damage{err, n} }) }

// blob opens an entry.
func (f *Fake) blob(name variant.Name, e entry) *cache.Blob {
	d := cmp.Or(e.damage, f.damage)
	if d == nil {
		return cache.InMemory(e.body, e.modTime)
	}
	size := int64(len(e.body))
	file := struct {
		io.ReadSeeker
		io.ReaderAt
		io.Closer
	}{nil, Failing(bytes.NewReader(e.body), d.n, d.err), io.NopCloser(nil)}
	file.ReadSeeker = io.NewSectionReader(file.ReaderAt, 0, size)
	b := cache.OnDisk(file, size, e.modTime, "")
	b.OnUnreadable = func(cache.File, *cache.Blob) { _ = f.Remove(name) }
	return b
}

// Failing returns a reader of r that fails with err after its first n bytes.
func Failing(r io.ReaderAt, n int64, err error) io.ReaderAt { return failing{r, n, err} }

type failing struct {
	io.ReaderAt
	n   int64
	err error
}

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) <= f.n {
		return f.ReaderAt.ReadAt(p, at)
	}
	n, _ := f.ReaderAt.ReadAt(p[:max(0, f.n-at)], at)
	return n, f.err
}
