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

// OpenFile finds a derivative on disk, and brings it into memory if it is small.
func (s *Store) OpenFile(name variant.Name) (d Derivative, ok bool) {
	epoch := s.Epochs.At(name)
	b, err := s.Cache.Open(name)
	if err != nil {
		return d, false
	}
	f, ok := s.verify(name, b)
	if !ok {
		if b.Unreadable() {
			s.Reporter.ReadFailed(cache.ErrUnreadable)
		}
		b.Close()
		_ = s.Cache.Remove(name) // which logs its failure
		return d, false
	}
	if err := s.warmSmall(name, epoch, b, f); err != nil {
		s.Reporter.ReadFailed(err)
		b.Close()
		return d, false
	}
	return Derivative{Blob: b, Sum: f.sum, MediaType: f.mediaType, Stored: true}, true
}

// Locate finds a derivative on disk for a web server to send, and notes its use. The
// Blob has Size, ModTime and Path, and usually no content: the file is opened only if it
// is not known what is in it.
func (s *Store) Locate(name variant.Name) (d Derivative, ok bool) {
	st, err := s.Cache.Touch(name)
	if err != nil {
		return d, false
	}
	f, ok := s.known(name, st.Size, st.ModTime)
	if !ok {
		return s.OpenFile(name)
	}
	b := &cache.Blob{Size: st.Size, ModTime: st.ModTime, Path: st.Path}
	return Derivative{Blob: b, Sum: f.sum, MediaType: f.mediaType, Stored: true}, true
}

// known returns what was found in a file of that size and time.
func (s *Store) known(name variant.Name, size int64, modTime time.Time) (f fileInfo, ok bool) {
	f, ok = s.files.Get(name)
	return f, ok && f.size == size && f.modTime.Equal(modTime)
}

// verify inspects a picture, or reads a JSON document, when it is seen for the first
// time. ok is false if we have not written it so: it was cut short or damaged.
func (s *Store) verify(name variant.Name, b *cache.Blob) (f fileInfo, ok bool) {
	if f, ok := s.known(name, b.Size, b.ModTime); ok {
		return f, true
	}
	if f, ok = inspect(b); ok {
		s.files.Put(name, f)
	}
	return f, ok
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
