package originals

import "github.com/thumbery/thumbery/storage"

// absentBytes bounds the negative cache, for some 30,000 names.
const absentBytes = 8 << 20

// isAbsent returns storage.ErrNotFound for an original of which every origin has said
// within Config.NegativeTTL that it does not exist, and nil otherwise.
func (s *Store) isAbsent(id ID) error {
	at, ok := s.absent.Get(id.Name())
	if age := s.Now().Sub(at); ok && age >= 0 && age < s.NegativeTTL {
		return storage.NotFound("as was said "+age.String()+" ago", string(id.Key))
	}
	return nil
}

// Absent returns how many originals are in the negative cache.
func (s *Store) Absent() int { return s.absent.Len() }
