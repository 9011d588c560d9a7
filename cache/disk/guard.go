package disk

import (
	"context"
	"io"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// Space watches how much of a file system is free. Its methods may be called by
// several goroutines.
type Space struct {
	dir     string
	minFree float64
	changed func(low bool, free float64)
	now     func() time.Time
	free    func(dir string) (float64, error)

	mu   sync.Mutex
	next time.Time // when to look again
	low  bool
}

// spaceEvery is how often Space looks: what is written in a second does not fill
// the reserve that it guards.
const spaceEvery = time.Second

// NewSpace returns a Space that is low while less than minFree (0..1) of the
// blocks or of the inodes of dir's file system is free to users. changed, if
// not nil, is told each time that it becomes low or is so no more.
func NewSpace(dir string, minFree float64, changed func(low bool, free float64)) *Space {
	return &Space{dir: dir, minFree: minFree, changed: changed, now: time.Now, free: FreeShare}
}

// Low reports that less than the minimum was free when it was last looked at,
// which is a second ago at most. What cannot be looked at is not low: writing
// there says what is the matter.
func (s *Space) Low() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); now.Before(s.next) {
		return s.low
	} else {
		s.next = now.Add(spaceEvery)
	}
	free, err := s.free(s.dir)
	low := err == nil && free < s.minFree
	if low != s.low && s.changed != nil {
		s.changed(low, free)
	}
	s.low = low
	return low
}

// FreeShare is how much of dir's file system is free to users, 0..1: of its
// blocks or of its inodes, whichever is less.
func FreeShare(dir string) (float64, error) {
	var st unix.Statfs_t
	if _, err := retry(func() (int, error) { return 0, unix.Statfs(dir, &st) }); err != nil {
		return 0, err
	}
	// What is reserved for root counts neither as free nor as there.
	users := uint64(st.Blocks) - uint64(st.Bfree) + uint64(st.Bavail)
	share := ratio(uint64(st.Bavail), users)
	if st.Files > 0 { // some file systems make inodes as they go, and say 0
		share = min(share, ratio(uint64(st.Ffree), uint64(st.Files)))
	}
	return share, nil
}

func ratio(part, whole uint64) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// Guard returns a Store that keeps nothing while space is low: bodies are given
// back in memory, with NotKept cache.ErrNoRoom.
func Guard(s cache.Store, space *Space) cache.Store { return &guarded{s, space} }

type guarded struct {
	cache.Store
	space *Space
}

// Fill implements cache.Store.
func (g *guarded) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	if !g.space.Low() {
		return g.Store.Fill(ctx, name, r, modTime)
	}
	if err := cache.CheckName(name); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(contextReader{ctx, r})
	if err != nil {
		return nil, err
	}
	b := cache.InMemory(data, wholeSeconds(modTime))
	if len(data) > 0 {
		b.NotKept = cache.ErrNoRoom
	}
	return b, nil
}
