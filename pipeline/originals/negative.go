package originals

import (
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// absentBytes bounds the negative cache, for some 30,000 names.
const absentBytes = 8 << 20

// markAbsent puts an original that no origin has into the negative cache, unless its
// picture was forgotten since the epoch in which the origins were asked.
func (s *Store) markAbsent(name variant.Name, epoch uint64) {
	if s.NegativeTTL > 0 {
		s.absent.Put(name, epoch, s.Now())
	}
}

// isAbsent returns storage.ErrNotFound for an original of which every origin has said
// within Config.NegativeTTL that it does not exist, and nil otherwise.
func (s *Store) isAbsent(id ID) error {
	at, ok := s.absent.Get(id.Name())
	if age := s.Now().Sub(at); ok && age >= 0 && age < s.NegativeTTL {
		return storage.NotFound("negative cache, "+age.String()+" old", string(id.Key))
	}
	return nil
}

// Absent returns how many originals are in the negative cache.
func (s *Store) Absent() int { return s.absent.Len() }
