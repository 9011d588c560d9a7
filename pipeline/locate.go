package pipeline

import (
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// kindBytes bounds what is remembered of files, for some 100,000 of them.
const kindBytes = 32 << 20

// kind is the media type that was found in a file of that size and time, of
// which the name alone says nothing.
type kind struct {
	size      int64
	modTime   time.Time
	mediaType string
}

// Name is the name of a derivative in the cache.
func (p *Pipeline) Name(key variant.Key, v variant.Variant, a variant.Accept) variant.Name {
	return v.Name(key, a, p.recipe)
}

// Locate finds a derivative on disk for somebody else to send, and notes its
// use. The Blob of the Result has Size, ModTime and Path, and usually no
// content: the file is opened only if it is not known what is in it. ok is false
// if it is not on disk: then ask for it with Picture.
func (p *Pipeline) Locate(name variant.Name) (r Result, ok bool) {
	st, err := p.Derivatives.Touch(name)
	if err != nil {
		return Result{}, false
	}
	k, ok := p.kinds.Get(name)
	if !ok || k.size != st.Size || !k.modTime.Equal(st.ModTime) {
		found := p.onDisk(name)
		if found == nil {
			return Result{}, false
		}
		p.kinds.Put(name, kind{found.Blob.Size, found.Blob.ModTime, found.MediaType})
		return *found, true
	}
	b := &cache.Blob{Size: st.Size, ModTime: st.ModTime, Path: st.Path}
	return Result{Blob: b, Name: name, MediaType: k.mediaType, Source: FromDisk, Stored: true}, true
}
