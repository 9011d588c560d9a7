package shared

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

const (
	// quietFor is how long the bucket is not asked for a picture whose entries were removed:
	// until then all servers have heard of it, and removed what they have written. Pictures
	// share their time: it is over for one that is still being removed after a minute, if
	// another one was removed.
	quietFor = time.Minute
	// removeTimeout bounds the removal of one picture.
	removeTimeout = 20 * time.Second
)

// Forgotten says that a picture was forgotten: the bucket is not asked for it before its entries
// were removed, by Remove, and for a minute after that.
func (s *Store) Forgotten(source variant.Name) {
	if s != nil {
		s.quiet.Of(source).Store(math.MaxInt64)
	}
}

func (s *Store) isForgotten(name variant.Name) bool {
	return s.Now().UnixNano() < s.quiet.Of(name).Load()
}

// Remove removes all entries of pictures that were forgotten here before, and whose epochs have
// therefore ended. It may be repeated. The error is that of the bucket for the first
// picture that could not be removed; those after it remain.
func (s *Store) Remove(ctx context.Context, sources ...variant.Name) error {
	if s == nil {
		return nil
	}
	for _, source := range sources {
		if err := cache.CheckName(source); err != nil {
			return err
		}
		s.Forgotten(source) // also after a restart
	}
	// What is being written may be of an epoch that has ended. What is written later is not.
	if err := s.writers.Acquire(ctx, maxWriters); err != nil {
		return err
	}
	s.writers.Release(maxWriters)
	for _, source := range sources {
		err := s.remove(ctx, source)
		s.Observer.SharedRemoved(err)
		if err != nil {
			return err
		}
	}
	until := s.Now().Add(quietFor).UnixNano()
	for _, source := range sources {
		s.quiet.Of(source).Store(until)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, source variant.Name) error {
	ctx, cancel := context.WithTimeout(ctx, removeTimeout)
	defer cancel()
	for key, err := range s.Bucket.List(ctx, string(source)) {
		if err != nil {
			return err
		}
		if own, _, _ := strings.Cut(key, "-"); own != string(source) {
			continue
		}
		if err := s.Bucket.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
