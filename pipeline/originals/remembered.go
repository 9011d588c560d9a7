package originals

import (
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/resize/header"
)

// Remembered is what a Store knows of an original without asking anybody.
type Remembered struct {
	Blob *cache.Blob // on disk; nil if it is not. The caller closes it.
	// Header is that of the first page, and HeaderKnown whether it was read before, of what is
	// on disk or was there last.
	Header      header.Header
	HeaderKnown bool
	// Checked is when the origin last confirmed the version, zero if that is not known, and
	// ETag what it is called there, "" if it has no name.
	Checked time.Time
	ETag    string
	// Failed is when the origin did not answer a revalidation; zero if it has since.
	Failed time.Time
	// Freshness is that of what is on disk, and NextUse what its next use does besides.
	Freshness Freshness
	NextUse   string
	// AbsentUntil is until when it is taken for not found (the negative cache), and
	// QuarantinedUntil until when nothing is made of it; zero for neither.
	AbsentUntil, QuarantinedUntil time.Time
	Crashes                       int  // of processes that worked on it, within a while
	Down                          bool // the circuit breaker of its origin is open
	ReadOnly                      bool // nothing is fetched
}

// Remember returns what is known of an original. It changes nothing, notes no use and asks no
// origin.
func (s *Store) Remember(id ID) Remembered {
	name := id.Name()
	known, ok := s.headers.Peek(name)
	m := Remembered{Header: known.header, HeaderKnown: ok, Down: s.IsDown(id.Key), ReadOnly: s.ReadOnly()}
	if at, ok := s.absent.Peek(name); ok {
		if _, counts := s.absentFor(at); counts {
			m.AbsentUntil = at.Add(s.NegativeTTL)
		}
	}
	b, err := s.Cache.Peek(name)
	if err != nil {
		return m
	}
	m.Blob, b.OnUnreadable = b, nil // which would remove it
	m.HeaderKnown = ok && known.size == b.Size && known.modTime.Equal(b.ModTime)
	m.Freshness, m.NextUse = s.PeekFreshness(id, b.ModTime)
	if meta, err := b.OriginMeta(); err == nil {
		m.Checked, m.ETag = meta.Checked, meta.ETag
	}
	if r, ok := s.records.Peek(name); ok && r.isOf(b.ModTime) && !r.guessed {
		m.Checked, m.ETag, m.Failed = r.checked, r.version.ETag, r.failed
	}
	ref := Ref{id, b.Size, b.ModTime}
	c, _ := s.crashes.Peek(versionName(ref))
	m.Crashes, m.QuarantinedUntil = c.n, s.PeekQuarantine(ref)
	return m
}

// PeekFreshness is CheckFreshness without asking the origin. next says what CheckFreshness
// would do besides, "" for nothing.
func (s *Store) PeekFreshness(id ID, modTime time.Time) (f Freshness, next string) {
	if s.Revalidate == 0 {
		return Fresh, ""
	}
	known, ok := s.records.Peek(id.Name())
	r, same, _ := s.readRecord(id, modTime, known, ok)
	f, ask := s.decide(id, r, same)
	return f, [...]string{
		none: "", inBackground: "the origin is asked in the background whether it has another version",
		beforeAnswer: "the client waits while the origin is asked whether it has another version",
	}[ask]
}

// PeekQuarantine returns until when nothing is made of that version of an original, nor of its
// mezzanine; zero if it is not in quarantine.
func (s *Store) PeekQuarantine(ref Ref) time.Time {
	if c, _ := s.crashes.Peek(versionName(ref)); s.Now().Before(c.until) {
		return c.until
	}
	return time.Time{}
}
