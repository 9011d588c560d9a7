package pipeline

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/info"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// kindBytes bounds what is remembered of files, for some 100,000 of them.
const kindBytes = 32 << 20

// kind is what was found in a file of that size and time, of which the name alone
// says nothing, and that the file is whole.
type kind struct {
	size      int64
	modTime   time.Time
	mediaType string
	sum       uint32
}

// Name is the name of a derivative in the cache.
func (p *Pipeline) Name(key variant.Key, v variant.Variant, a variant.Accept) variant.Name {
	return v.Name(key, a, p.Render.Recipe(v))
}

// Locate finds the derivative of key for v on disk, under its name, for somebody
// else to send, and notes its use. The Blob of the Result has Size, ModTime and
// Path, and usually no content: the file is opened only if it is not known what
// is in it. ok is false if it is not on disk, or not right any more: then ask for
// it with Picture.
func (p *Pipeline) Locate(ctx context.Context, key variant.Key, v variant.Variant, name variant.Name) (r Result, ok bool) {
	r, ok = p.located(name)
	if ok && !p.stillRight(ctx, key, v, &r) {
		r.Blob.Close()
		return Result{}, false
	}
	return r, ok
}

func (p *Pipeline) located(name variant.Name) (r Result, ok bool) {
	st, err := p.Derivatives.Touch(name)
	if err != nil {
		return Result{}, false
	}
	k, known := p.known(name, st.Size, st.ModTime)
	if !known {
		found := p.onDisk(name)
		if found == nil {
			return Result{}, false
		}
		return *found, true
	}
	b := &cache.Blob{Size: st.Size, ModTime: st.ModTime, Path: st.Path}
	return Result{Blob: b, Name: name, Sum: k.sum, MediaType: k.mediaType, Source: FromDisk, Stored: true}, true
}

// known returns what was found in a file before, with that size and time.
func (p *Pipeline) known(name variant.Name, size int64, modTime time.Time) (k kind, ok bool) {
	k, ok = p.kinds.Get(name)
	return k, ok && k.size == size && k.modTime.Equal(modTime)
}

// whole looks at a derivative as Inspect does, or for JSON reads it, the first
// time that it is seen.
// ok is false if it is nothing that we have written: a file cut short, or
// damaged, by others.
func (p *Pipeline) whole(name variant.Name, b *cache.Blob) (k kind, ok bool) {
	if k, ok := p.known(name, b.Size, b.ModTime); ok {
		return k, true
	}
	k = kind{size: b.Size, modTime: b.ModTime}
	if h, err := header.Inspect(context.Background(), b.At(), b.Size, resize.WrittenFormats); err == nil {
		k.mediaType = header.MediaType(h.Format)
	} else if info.IsDocument(b.At(), b.Size) {
		k.mediaType = info.MediaType
	} else {
		return k, false
	}
	var err error
	if k.sum, err = sumOf(b); err != nil {
		return k, false
	}
	p.kinds.Put(name, k)
	return k, true
}
