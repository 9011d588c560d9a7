package shared

import (
	"strings"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// Cost is what making a derivative took.
type Cost struct {
	Fetch time.Duration // of its original; 0 if that was on disk
	Work  time.Duration // of the engine
	// Always keeps it, whatever it took: it was made in advance, or from a mezzanine, which
	// another server does not have, and which only costly originals have.
	Always bool
}

// kindBytes bounds the memory for kinds, to some 4,000 of them.
const kindBytes = 1 << 20

// kind is the part of a name that all derivatives have which were made by the same options.
func kind(name variant.Name) string {
	_, kind, _ := strings.Cut(string(name), "-")
	return kind
}

// isWorth reports whether an entry is to be written, and learns what its kind costs.
func (s *Store) isWorth(name variant.Name, c Cost) bool {
	if c.Always || s.MinCost <= 0 {
		return true
	}
	cost := s.learnFetch(c.Fetch) + c.Work
	before, _ := s.kinds.Get(kind(name))
	// One that is costly makes its kind worth asking for at once; several cheap ones end that.
	s.kinds.Put(kind(name), max(cost, (before+cost)/2))
	return cost >= s.MinCost
}

// isCheap reports that derivatives of this kind have been so cheap to make that they are not
// kept, so that it would be of no use to ask for one. It is not known of a kind that was never
// made here, which is therefore asked for; and since what is not asked for is made, and so
// measured, it is found out when that changes.
func (s *Store) isCheap(name variant.Name) bool {
	cost, known := s.kinds.Get(kind(name))
	return known && cost < s.MinCost
}

// learnFetch returns what a fetch took, or if there was none, what fetches take here: another
// server would have to fetch the original.
func (s *Store) learnFetch(took time.Duration) time.Duration {
	usual := time.Duration(s.fetch.Load())
	switch {
	case took == 0:
		return usual
	case usual == 0:
		s.fetch.Store(int64(took))
	default:
		s.fetch.Store(int64(usual + (took-usual)/8))
	}
	return took
}
