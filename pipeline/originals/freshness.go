package originals

import (
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Freshness is what is known of something in the cache: whether it is of the version
// that the origin has.
type Freshness uint8

// The values of Freshness.
const (
	Fresh        Freshness = iota // young enough
	Revalidating                  // old, and the origin is being asked
	NotModified                   // the origin was asked, and has no other version
	Modified                      // the origin had another version, which is kept now
	Gone                          // the origin has it no more, and so it was removed
	Error                         // old, and the origin did not answer
)

// String is the name in metrics.
func (f Freshness) String() string {
	return [...]string{"fresh", "asking", "same", "changed", "gone", "failed"}[f]
}

// Usable reports that it may be served.
func (f Freshness) Usable() bool { return f != Modified && f != Gone }

// recordBytes bounds what is remembered of originals' versions, for some 50,000.
const recordBytes = 16 << 20

// record is what is known of the version of an original in the cache.
type record struct {
	version     storage.Version
	guessed     bool      // version is of something made from an original, perhaps an older one
	before      time.Time // as cache.OriginMeta.Before
	checked     time.Time // when the origin last confirmed the version; zero if unknown
	lastRequest time.Time // when a request was last sent to the origin
	failed      time.Time // when it did not answer; zero if it has since
	epoch       uint64    // in which this was found out
}

// isOf reports whether what has modTime is of this version, as far as is known.
func (r record) isOf(modTime time.Time) bool {
	date := r.version.ModTime
	return r.guessed || date.IsZero() || date.Equal(modTime) || !r.before.IsZero() && r.before.Equal(modTime)
}

// differs reports whether the version is known to be another than other.
func (r record) differs(other storage.Version) bool {
	return !r.guessed && !r.version.IsZero() && !other.IsZero() && !r.version.Is(other)
}

// recordOf returns what is known of an original: what is remembered, or else what is written
// beside its file, which is then remembered. same is false if what has modTime is of another
// version.
func (s *Store) recordOf(id ID, modTime time.Time) (r record, same bool) {
	known, ok := s.records.Get(id.Name())
	r, same, read := s.readRecord(id, modTime, known, ok)
	if read {
		s.records.Put(id.Name(), r.epoch, r)
	}
	return r, same
}

// readRecord is recordOf without remembering. known is what is remembered, if ok; read says
// that the result was not.
func (s *Store) readRecord(id ID, modTime time.Time, known record, ok bool) (r record, same, read bool) {
	if ok && known.isOf(modTime) {
		return known, true, false
	}
	name := id.Name()
	r = record{epoch: s.Epochs.At(name), lastRequest: known.lastRequest, failed: known.failed}
	b, err := s.Cache.Peek(name)
	switch {
	case err != nil && ok:
		return known, false, false
	case err != nil:
		r.version.ModTime, r.guessed = modTime, true
	case ok && known.isOf(b.ModTime):
		b.Close()
		return known, false, false
	default:
		defer b.Close()
		if m, err := b.OriginMeta(); err == nil {
			r.version.ETag, r.checked, r.before = m.ETag, m.Checked, m.Before
		}
		r.version.ModTime = b.ModTime
	}
	return r, r.isOf(modTime), true
}

// confirm notes, in memory and beside the original, that the origin has that version
// now. before is as cache.OriginMeta.Before.
func (s *Store) confirm(id ID, epoch uint64, b *cache.Blob, version storage.Version, before time.Time) {
	now := s.Now()
	// If it cannot be noted beside the original, it is revalidated after a restart.
	_ = b.SetOriginMeta(cache.OriginMeta{ETag: version.ETag, Checked: now, Before: before})
	s.records.Put(id.Name(), epoch, record{version: version, before: before, checked: now, lastRequest: now, epoch: epoch})
}

// markRequested notes that a request to the origin begins, or that one has failed.
func (s *Store) markRequested(name variant.Name, r record, failed bool) {
	r.lastRequest = s.Now()
	if failed {
		r.failed = r.lastRequest
	}
	s.records.Put(name, r.epoch, r)
}

// IsLatest reports that no other original is in the cache than that of ref, which
// something was made from, whether or not originals are ever revalidated. A size below 0 is
// not known.
func (s *Store) IsLatest(ref Ref) bool {
	b, err := s.Cache.Peek(ref.ID.Name())
	if err != nil {
		return true
	}
	defer b.Close()
	sameSize := ref.Size < 0 || b.Size == ref.Size
	if !sameSize || b.ModTime.Equal(ref.ModTime) {
		return sameSize
	}
	m, err := b.OriginMeta() // the origin may have another date for what it had before
	return err == nil && !m.Before.IsZero() && m.Before.Equal(ref.ModTime)
}
