package pipeline

import "sync/atomic"

// switches are what can be turned off while the pipeline runs, for the case that
// something misbehaves. The zero value has everything on.
type switches struct {
	cold     atomic.Bool
	readOnly atomic.Bool
}

// Hot reports that derivatives are kept in memory, too.
func (s *switches) Hot() bool { return !s.cold.Load() }

// SetHot says whether derivatives are kept in memory, too. Off, what is there is
// not served, and is there again when it is on.
func (s *switches) SetHot(on bool) { s.cold.Store(!on) }

// ReadOnly reports that nothing is fetched.
func (s *switches) ReadOnly() bool { return s.readOnly.Load() }

// SetReadOnly says that nothing is to be fetched: what is in the cache is served,
// derivatives are made of originals that are there, and everything else is
// ErrReadOnly. Fetches that run go on.
func (s *switches) SetReadOnly(on bool) { s.readOnly.Store(on) }
