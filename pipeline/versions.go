package pipeline

import (
	"fmt"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/variant"
)

// ErrTooManyVersions means that an original was to be fetched for one more version of
// its key than Config.MaxVersions allows.
var ErrTooManyVersions = failure.New(failure.Request, "too many versions of one picture")

const (
	// versionWindow is how long a version counts from its fetch.
	versionWindow = time.Hour
	// versionBytes bounds what is remembered: some 20,000 keys with a version each.
	versionBytes = 8 << 20
	versionSize  = 100 // bytes that one version takes
)

// versions bounds how many versions (variant.Variant.Version) of one key are fetched
// within versionWindow. What was fetched is remembered in memory only: a restart begins
// anew. It is asked for fetches, so that what is kept is served without it.
type versions struct {
	max     int // 0: any number
	mu      sync.Mutex
	fetched *cache.Memory[variant.Name, []versionFetch] // by the name of the key
}

type versionFetch struct {
	name variant.Name // of the original in that version
	at   time.Time
}

func newVersions(limit int) versions {
	return versions{max: limit, fetched: cache.NewMemory[variant.Name](versionBytes, func(f []versionFetch) int { return versionSize * len(f) })}
}

// admit takes note that an original is fetched under a name, or returns
// ErrTooManyVersions.
func (v *versions) admit(key variant.Key, name variant.Name, now time.Time) error {
	plain := key.Name()
	if v.max == 0 || name == plain {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	all, _ := v.fetched.Get(plain)
	recent := make([]versionFetch, 0, len(all)+1)
	for _, f := range all {
		if now.Sub(f.at) >= versionWindow {
			continue
		}
		if f.name == name {
			return nil
		}
		recent = append(recent, f)
	}
	if len(recent) >= v.max {
		return fmt.Errorf("%w: %d were fetched within %v", ErrTooManyVersions, len(recent), versionWindow)
	}
	v.fetched.Put(plain, append(recent, versionFetch{name, now}))
	return nil
}
