package mezzanines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

const (
	// queueLimit is how many mezzanines may be queued or made at a time; each holds
	// some kilobytes and nothing open. Beyond that, none is made for now.
	queueLimit = 256
	// refusedFor is how long no mezzanine is made after the disk did not take one.
	refusedFor = time.Minute
)

var (
	errExists    = errors.New("the mezzanine exists")
	errForgotten = errors.New("its picture was forgotten meanwhile")
)

// Job is a mezzanine that is to be made, and all that is needed for it.
type Job struct {
	Original originals.Ref
	Header   header.Header // of the original
	Plan     resize.Plan
	Epoch    uint64 // of the original
}

// JobOf returns the job for the mezzanine of an open original. ok is false if it is to
// have none, or if it would not be kept, as far as is known.
func (s *Store) JobOf(o *originals.Original, h header.Header) (j Job, ok bool) {
	plan, worthwhile := s.Render.Settings.Mezzanine(h)
	ok = worthwhile && !o.Broken && o.Blob.NotKept == nil && s.takes()
	return Job{o.Ref(), h, plan, o.Epoch}, ok
}

// takes reports that a mezzanine would be kept, as far as is known.
func (s *Store) takes() bool {
	return !s.off && s.Now().Sub(time.Unix(0, s.refused.Load())).Abs() >= refusedFor
}

// Exists reports whether the mezzanine of a job is on disk.
func (s *Store) Exists(j Job) bool {
	m := s.open(j.Original.ID)
	if m == nil {
		return false
	}
	defer m.Blob.Close()
	r := m.Ref()
	return r.Size == j.Original.Size && r.ModTime.Equal(j.Original.ModTime)
}

// MakeInBackground makes the mezzanine of an open original in the background, unless it
// exists, is being made, or the queue is full.
func (s *Store) MakeInBackground(ctx context.Context, o *originals.Original, h header.Header) {
	j, ok := s.JobOf(o, h)
	if !ok {
		return
	}
	name := s.name(o.ID)
	st, err := s.Cache.Touch(name)
	if err == nil && st.ModTime.Equal(j.Original.ModTime) || err != nil && !errors.Is(err, cache.ErrMiss) {
		return
	}
	s.queue.Go(ctx, string(name), func(ctx context.Context) {
		if err := s.make(ctx, j); err != nil && !errors.Is(err, errExists) {
			s.LogFailure(j, err)
		}
	})
}

// Wait waits while the mezzanine of an original is queued or being made, or until ctx
// ends. It is for background work that can make use of it.
func (s *Store) Wait(ctx context.Context, id originals.ID) {
	s.queue.Wait(ctx, string(s.name(id)))
}

// make makes and keeps a mezzanine. It never removes an original that is broken: that is
// for derivatives to find out.
func (s *Store) make(ctx context.Context, j Job) error {
	source := s.Originals.Source(j.Original, func() (src resize.Source, close func(), err error) {
		switch { // meanwhile
		case s.Exists(j):
			return src, nil, errExists
		case !s.takes():
			return src, nil, notKept(cache.ErrNoRoom)
		}
		return s.Originals.Reopen(j.Original)
	})
	ctx = originals.WithKey(ctx, j.Original.ID.Key)
	body, err := s.Render.RenderPlan(ctx, "mezzanine", j.Header, j.Plan, source)
	if err != nil {
		return err
	}
	return s.Keep(ctx, j, body)
}

// Keep writes a mezzanine to disk, unless its picture was forgotten since the epoch of
// the job. The error is cache.ErrNotKept.
func (s *Store) Keep(ctx context.Context, j Job, body []byte) error {
	name := s.name(j.Original.ID)
	if s.Epochs.At(name) != j.Epoch {
		return notKept(errForgotten)
	}
	packed := resize.PackMezzanine(j.Header, j.Original.Size, body)
	b, err := s.Cache.Fill(context.WithoutCancel(ctx), name, bytes.NewReader(packed), j.Original.ModTime)
	if err == nil {
		err = b.NotKept
		b.Close()
	}
	if err != nil {
		s.refused.Store(s.Now().UnixNano())
		return notKept(err)
	}
	if s.Epochs.At(name) != j.Epoch {
		_ = s.Cache.Remove(name) // which logs its failure
		return notKept(errForgotten)
	}
	return nil
}

// LogFailure logs why a mezzanine was not made.
func (s *Store) LogFailure(j Job, err error) {
	s.Log.Info("cannot make a mezzanine", "key", j.Original.ID.Key, "cause", err)
}

func notKept(cause error) error { return fmt.Errorf("%w: %v", cache.ErrNotKept, cause) }
