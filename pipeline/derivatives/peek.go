package derivatives

import (
	"errors"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// Peek finds a derivative in memory or on disk, as Open does, without noting its use, without
// remembering what is in the file, and without removing one that is damaged.
func (s *Store) Peek(name variant.Name) (d Derivative, ok bool) {
	if e, ok := s.memory.Peek(name); ok && s.UsesMemory() && s.mayBeThere(name, e) {
		return Derivative{Blob: e.Blob(), Sum: e.Sum, MediaType: e.MediaType, InMemory: true, Stored: e.Stored}, true
	}
	return s.PeekFile(name)
}

// PeekFile is Peek for what is on disk.
func (s *Store) PeekFile(name variant.Name) (d Derivative, ok bool) {
	b, err := s.Cache.Peek(name)
	if err != nil {
		return d, false
	}
	b.OnUnreadable = nil // which would remove it
	f, ok := s.files.Peek(name)
	if !ok || f.size != b.Size || !f.modTime.Equal(b.ModTime) {
		if f, ok = inspect(b); !ok {
			b.Close()
			return d, false
		}
	}
	return Derivative{Blob: b, Sum: f.sum, MediaType: f.mediaType, Stored: true}, true
}

// mayBeThere reports whether a derivative in memory has its file, if it was kept.
func (s *Store) mayBeThere(name variant.Name, e *entry) bool {
	if !e.Stored {
		return true
	}
	b, err := s.Cache.Peek(name)
	if err == nil {
		b.Close()
	}
	return !errors.Is(err, cache.ErrMiss)
}
