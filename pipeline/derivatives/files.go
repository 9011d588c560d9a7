package derivatives

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/info"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// fileInfoBytes bounds what is remembered of files, for some 100,000 of them.
const fileInfoBytes = 32 << 20

// fileInfo is what was found in a file of that size and time, of which the name alone
// says nothing. It also says that the file is whole.
type fileInfo struct {
	size      int64
	modTime   time.Time
	mediaType string
	sum       uint32
}

func (f fileInfo) isOf(size int64, modTime time.Time) bool {
	return f.size == size && f.modTime.Equal(modTime)
}

func (f fileInfo) derivative(b *cache.Blob) Derivative {
	return Derivative{Blob: b, Sum: f.sum, MediaType: f.mediaType, Stored: true}
}

// OpenFile finds a derivative on disk, and brings it into memory if it is small.
func (s *Store) OpenFile(name variant.Name) (d Derivative, ok bool) {
	epoch := s.Epochs.At(name)
	b, err := s.Cache.Open(name)
	if err != nil {
		return d, false
	}
	d, ok = s.verify(name, b)
	if !ok {
		if b.Unreadable() {
			s.Reporter.ReadFailed(cache.ErrUnreadable)
		}
		b.Close()
		_ = s.Cache.Remove(name) // which logs its failure
		return d, false
	}
	if b.Size <= maxWarmBytes && s.takes(b.Size) {
		if err := s.load(name, epoch, d); err != nil {
			s.Reporter.ReadFailed(err)
			b.Close()
			return d, false
		}
	}
	return d, true
}

// PeekFile is Peek for what is on disk.
func (s *Store) PeekFile(name variant.Name) (d Derivative, ok bool) {
	b, err := s.Cache.Peek(name)
	if err != nil {
		return d, false
	}
	b.OnUnreadable = nil // which would remove it
	f, ok := s.files.Peek(name)
	if ok = ok && f.isOf(b.Size, b.ModTime); !ok {
		f, ok = inspect(b)
	}
	if !ok {
		b.Close()
	}
	return f.derivative(b), ok
}

// Locate finds a derivative on disk for a web server to send, and notes its use. The
// Blob has Size, ModTime and Path, and usually no content: the file is opened only if it
// is not known what is in it.
func (s *Store) Locate(name variant.Name) (d Derivative, ok bool) {
	st, err := s.Cache.Touch(name)
	if err != nil {
		return d, false
	}
	f, ok := s.files.Get(name)
	if !ok || !f.isOf(st.Size, st.ModTime) {
		return s.OpenFile(name)
	}
	return f.derivative(&cache.Blob{Size: st.Size, ModTime: st.ModTime, Path: st.Path}), true
}

// verify inspects a picture, or reads a JSON document, when it is seen for the first
// time. ok is false if we have not written it so: it was cut short or damaged.
func (s *Store) verify(name variant.Name, b *cache.Blob) (d Derivative, ok bool) {
	f, ok := s.files.Get(name)
	if !ok || !f.isOf(b.Size, b.ModTime) {
		if f, ok = inspect(b); ok {
			s.files.Put(name, f)
		}
	}
	return f.derivative(b), ok
}

// inspect says what is in a file that is not known.
func inspect(b *cache.Blob) (f fileInfo, ok bool) {
	f = fileInfo{size: b.Size, modTime: b.ModTime, mediaType: mediaTypeOf(b)}
	if f.mediaType == "" {
		return f, false
	}
	var err error
	f.sum, err = sumOf(b)
	return f, err == nil
}

// mediaTypeOf is the media type of a whole derivative, "" if a body is none.
func mediaTypeOf(b *cache.Blob) string {
	if h, err := header.Inspect(context.Background(), b.At(), b.Size, resize.WrittenFormats); err == nil {
		return header.MediaType(h.Format)
	}
	if info.IsDocument(b.At(), b.Size) {
		return info.MediaType
	}
	return ""
}
