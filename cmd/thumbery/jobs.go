package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

const (
	// runningJobs may run at once, and keptJobs are known, with those that have
	// ended.
	runningJobs = 4
	keptJobs    = 100
	// jobParallel is how many pictures of a job are fetched and made at once; the
	// engine takes one after the other.
	jobParallel = 4
)

// jobs are the priming that the admin listener was asked for.
type jobs struct {
	core *core
	log  *slog.Logger

	ctx  context.Context // ends with the server
	stop context.CancelFunc
	mu   sync.Mutex
	all  []*primeJob // the latest last
}

func newJobs(c *core, log *slog.Logger) *jobs {
	ctx, stop := context.WithCancel(context.Background())
	return &jobs{core: c, log: log, ctx: ctx, stop: stop}
}

// run lets jobs begin until ctx is done, then stops them and waits for their end.
func (j *jobs) run(ctx context.Context) {
	<-ctx.Done()
	j.stop()
	j.mu.Lock()
	all := slices.Clone(j.all)
	j.mu.Unlock()
	for _, one := range all {
		<-one.ended
	}
}

// primeJob is one of them. It does not hold the keys, of which there may be many.
type primeJob struct {
	id    string
	tally *tally
	stop  context.CancelFunc
	ended chan struct{}
}

// Start implements admin.Jobs.
func (j *jobs) Start(r admin.JobRequest) (admin.JobStatus, error) {
	if j.core.Originals.ReadOnly() {
		return admin.JobStatus{}, originals.ErrReadOnly
	}
	if err := writable(j.core.Render.Settings, r.Variants); err != nil {
		return admin.JobStatus{}, err
	}
	one, ctx, err := j.add(r)
	if err != nil {
		return admin.JobStatus{}, err
	}
	go j.prime(ctx, one, r)
	return one.tally.snapshot(time.Now()), nil
}

// writable refuses formats that could not be made of any picture.
func writable(s resize.Settings, variants []variant.Variant) error {
	for _, v := range variants {
		if v.Format > variant.FormatAuto && !s.CanWrite(v.Format) {
			return &resize.UnsupportedError{Option: "f_" + v.Format.String()}
		}
	}
	return nil
}

// add makes a job known, if there is room for it. The oldest that has ended makes
// place.
func (j *jobs) add(r admin.JobRequest) (*primeJob, context.Context, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	running, ended := 0, -1
	for i, one := range j.all {
		if one.tally.running() {
			running++
		} else if ended < 0 {
			ended = i
		}
	}
	switch {
	case running >= runningJobs:
		return nil, nil, fmt.Errorf("%w: %d jobs are running", gate.ErrBusy, running)
	case len(j.all) >= keptJobs: // of which few are running
		j.all = slices.Delete(j.all, ended, ended+1)
	}
	ctx, stop := context.WithCancel(j.ctx)
	status := admin.JobStatus{
		ID: rand.Text()[:12], State: admin.JobRunning, Began: time.Now().UTC(), Pictures: len(r.Keys), Listing: r.List,
	}
	one := &primeJob{id: status.ID, tally: newTally(status), stop: stop, ended: make(chan struct{})}
	j.all = append(j.all, one)
	return one, ctx, nil
}

func (j *jobs) prime(ctx context.Context, one *primeJob, r admin.JobRequest) {
	defer close(one.ended)
	defer one.stop()
	wishes := j.core.primer.Variants(r.Variants, r.AllFormats)
	err := panics.Try("jobs", func() error {
		return j.core.priming(wishes, jobParallel, one.tally).run(ctx, j.pictures(ctx, one, r))
	}, "job", one.id)
	state, reason := admin.JobDone, ""
	switch {
	case err != nil && ctx.Err() != nil:
		state = admin.JobStopped
	case err != nil:
		state, reason = admin.JobFailed, err.Error()
	}
	now := time.Now()
	one.tally.end(state, reason, now)
	s := one.tally.snapshot(now)
	j.log.Info("a job has ended", "job", s.ID, "state", s.State, "pictures", s.Finished, "made", s.Made,
		"there", s.There, "failed", s.Failed, "not_pictures", s.NotPictures, "left_out", s.LeftOut, "cause", err)
}

// pictures are those that were given, and then those that are listed.
func (j *jobs) pictures(ctx context.Context, one *primeJob, r admin.JobRequest) pictures {
	given := func(yield func(variant.Key, error) bool) {
		for _, key := range r.Keys {
			if !yield(key, nil) {
				return
			}
		}
	}
	if !r.List {
		return pictures{keys: given}
	}
	listed := span{r.Prefix, r.Since}.pictures(ctx, j.core.origins.Mounts, one.tally.leaveOut)
	listed.keys = concat(given, listed.keys)
	return listed
}

func concat[K, V any](seqs ...iter.Seq2[K, V]) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, seq := range seqs {
			for k, v := range seq {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// Status implements admin.Jobs.
func (j *jobs) Status(id string) (admin.JobStatus, bool) {
	if one := j.find(id); one != nil {
		return one.tally.snapshot(time.Now()), true
	}
	return admin.JobStatus{}, false
}

func (j *jobs) find(id string) *primeJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range j.all {
		if one.id == id {
			return one
		}
	}
	return nil
}

// All implements admin.Jobs.
func (j *jobs) All() []admin.JobStatus {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := []admin.JobStatus{}
	for _, one := range slices.Backward(j.all) {
		all = append(all, one.tally.snapshot(time.Now()))
	}
	return all
}

// Stop implements admin.Jobs.
func (j *jobs) Stop(id string) bool {
	one := j.find(id)
	if one == nil {
		return false
	}
	one.stop()
	<-one.ended
	return true
}
