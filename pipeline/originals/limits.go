package originals

import (
	"fmt"
	"slices"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/gate"
)

// ErrTooManyVersions means that more versions of a key were to be fetched than
// Config.MaxVersions allows.
var ErrTooManyVersions = failure.New(failure.Request, "too many versions of one picture")

const (
	// versionWindow is how long a version counts from its fetch.
	versionWindow = time.Hour
	// versionBytes bounds what is remembered: some 20,000 keys with a version each.
	versionBytes = 8 << 20
	versionSize  = 100 // bytes that one version takes
)

type versionFetch struct {
	version string
	at      time.Time
}

// admitVersion counts a fetch, or returns ErrTooManyVersions if as many versions of the key as
// Config.MaxVersions were fetched within versionWindow. They are remembered in memory only.
// Versions that are cached are served without it.
func (s *Store) admitVersion(id ID) error {
	if s.MaxVersions == 0 || id.Version == "" {
		return nil
	}
	s.counting.Lock()
	defer s.counting.Unlock()
	now := s.Now()
	key := id.Key.Name()
	fetched, _ := s.versions.Get(key)
	recent := slices.DeleteFunc(slices.Clone(fetched), func(f versionFetch) bool { return now.Sub(f.at) >= versionWindow })
	switch {
	case slices.ContainsFunc(recent, func(f versionFetch) bool { return f.version == id.Version }):
		return nil
	case len(recent) >= s.MaxVersions:
		return fmt.Errorf("%w: %d were fetched within %v", ErrTooManyVersions, len(recent), versionWindow)
	}
	s.versions.Put(key, append(recent, versionFetch{id.Version, now}))
	return nil
}

// unkeptOriginals is how many originals of the largest size may be in memory while the
// disk takes none.
const unkeptOriginals = 4

// holdInMemory counts an original that could not be kept on disk until its blob is closed. If
// the memory for those is used up, it closes the blob and returns gate.ErrBusy.
func (s *Store) holdInMemory(blob *cache.Blob) error {
	if !s.memory.TryAcquire(blob.Size) {
		blob.Close()
		return fmt.Errorf("%w: the disk cache takes no originals, and no more fit into memory", gate.ErrBusy)
	}
	blob.OnClose = func() { s.memory.Release(blob.Size) }
	return nil
}
