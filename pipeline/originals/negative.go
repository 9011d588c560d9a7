package originals

import (
	"time"

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
	if age, counts := s.absentFor(at); ok && counts {
		return storage.NotFound("negative cache, "+age.String()+" old", string(id.Key))
	}
	return nil
}

// absentFor returns the age of an entry of the negative cache, and whether that still counts.
// One from the future, before the clock was set, does not.
func (s *Store) absentFor(at time.Time) (age time.Duration, counts bool) {
	age = s.Now().Sub(at)
	return age, age >= 0 && age < s.NegativeTTL
}

// Absent returns how many originals are in the negative cache.
func (s *Store) Absent() int { return s.absent.Len() }
