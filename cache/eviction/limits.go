package eviction

import (
	"slices"
	"time"
)

// Limits bound what is kept. A field that is zero limits nothing.
type Limits struct {
	OlderThan time.Duration `json:"older_than_ns,omitzero"` // files last used longer ago are removed
	MaxBytes  int64         `json:"max_bytes,omitzero"`     // of bodies
	MaxFiles  int64         `json:"max_files,omitzero"`
}

func (l Limits) budget() bool { return l.MaxBytes > 0 || l.MaxFiles > 0 }

// Policy decides what a purge removes: files that are too old, and then the least recently
// used ones, down to 90% of each budget that is exceeded. The zero value removes nothing.
type Policy struct {
	All         Limits `json:"all,omitzero"` // of all tiers together
	Originals   Limits `json:"originals,omitzero"`
	Mezzanines  Limits `json:"mezzanines,omitzero"`
	Derivatives Limits `json:"derivatives,omitzero"`
	// MinFree is the share, from 0 to 1, of the disk's space and of its inodes that must
	// be free. If less is free, files are removed until a tenth more than that is. Inodes
	// are ignored if the file system does not count them.
	MinFree float64 `json:"min_free,omitzero"`
}

// Of returns the limits of one tier.
func (p Policy) Of(t Tier) Limits {
	return [Tiers]Limits{p.Originals, p.Mezzanines, p.Derivatives}[t]
}

// Empty reports whether the policy limits nothing.
func (p Policy) Empty() bool { return p == Policy{} }

// Budgets reports whether there are limits other than age. For these, all files must be
// counted before it is known which must be removed.
func (p Policy) Budgets() bool {
	return p.All.budget() || p.MinFree > 0 ||
		slices.ContainsFunc(AllTiers(), func(t Tier) bool { return p.Of(t).budget() })
}

// Expired reports whether a file must be removed for its age alone.
func (p Policy) Expired(t Tier, age time.Duration) bool {
	return p.All.expired(age) || p.Of(t).expired(age)
}

func (l Limits) expired(age time.Duration) bool { return l.OlderThan > 0 && age > l.OlderThan }

// Space is the space of a file system for users other than root.
type Space struct {
	FreeBytes, TotalBytes int64
	FreeFiles, TotalFiles int64 // inodes; both 0 where they are not counted
}

// Short reports whether less than the share minFree is free, of bytes or of inodes.
func (s Space) Short(minFree float64) bool {
	return below(s.FreeBytes, s.TotalBytes, minFree) || below(s.FreeFiles, s.TotalFiles, minFree)
}

// NearlyFull keeps the smaller of these free.
const (
	spareShare = 0.05
	spareBytes = 1 << 30
	spareFiles = 1 << 16
)

// NearlyFull reports whether a cache without MinFree must stop writing: less than 5% and less
// than 1 GiB is free, or less than 5% and less than 65,536 of the inodes.
func (s Space) NearlyFull() bool {
	return s.FreeBytes < min(share(s.TotalBytes, spareShare), spareBytes) ||
		s.FreeFiles < min(share(s.TotalFiles, spareShare), spareFiles)
}

// Without returns the space after c has been removed.
func (s Space) Without(c Count) Space {
	s.FreeBytes += c.Disk
	if s.TotalFiles > 0 {
		s.FreeFiles += c.Files
	}
	return s
}

// missing returns how much must be removed for minFree and a tenth of it to be free. A field
// is zero if it is not short.
func (s Space) missing(minFree float64) (c Count) {
	target := min(minFree*1.1, 1)
	if below(s.FreeBytes, s.TotalBytes, minFree) {
		c.Disk = share(s.TotalBytes, target) - s.FreeBytes
	}
	if below(s.FreeFiles, s.TotalFiles, minFree) {
		c.Files = share(s.TotalFiles, target) - s.FreeFiles
	}
	return c
}

func below(free, total int64, minFree float64) bool { return float64(free) < float64(total)*minFree }

func share(total int64, part float64) int64 { return int64(float64(total) * part) }
