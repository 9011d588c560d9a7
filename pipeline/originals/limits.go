package originals

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/variant"
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

// versions bounds how many versions of one key are fetched within versionWindow. It
// remembers them in memory only, and is asked only about fetches: versions that are
// cached are served without it.
type versions struct {
	max     int // 0: any number
	mu      sync.Mutex
	fetched *cache.Memory[variant.Name, []versionFetch] // by the name of the key
}

type versionFetch struct {
	version string
	at      time.Time
}

func newVersions(limit int) versions {
	size := func(f []versionFetch) int { return versionSize * len(f) }
	return versions{max: limit, fetched: cache.NewMemory[variant.Name](versionBytes, size)}
}

// admit counts a fetch, or returns ErrTooManyVersions.
func (v *versions) admit(id ID, now time.Time) error {
	if v.max == 0 || id.Version == "" {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	key := id.Key.Name()
	fetched, _ := v.fetched.Get(key)
	recent := slices.DeleteFunc(slices.Clone(fetched), func(f versionFetch) bool { return now.Sub(f.at) >= versionWindow })
	switch {
	case slices.ContainsFunc(recent, func(f versionFetch) bool { return f.version == id.Version }):
		return nil
	case len(recent) >= v.max:
		return fmt.Errorf("%w: %d were fetched within %v", ErrTooManyVersions, len(recent), versionWindow)
	}
	v.fetched.Put(key, append(recent, versionFetch{id.Version, now}))
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
