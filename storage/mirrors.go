package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// MirrorObserver is told when Mirrors ask another place. Fields that are nil are
// not called. The functions are called by many goroutines, and are quick.
type MirrorObserver struct {
	// Hedged is called with the place that is asked as well, as those before it
	// are slow.
	Hedged func(place string)
	// FailedOver is called with the place that is asked in place of one that
	// could not answer.
	FailedOver func(place string)
	// Resumed is called with the place that goes on with a body that broke.
	Resumed func(place string)
}

// Mirrors puts together places that have the same objects, nearest first, so
// that any one's answer is the answer of all. The next is asked when one cannot
// answer, ErrRefused included; one with a Guard is then not tried again first,
// unless it is the last. When none can, the error is ErrUnavailable and
// names all causes. It is that, too, when one could not answer and another has no
// such object: a mirror may lag behind.
//
// After hedge(), if that is more than 0, without an answer the next is asked as
// well, and the first answer counts, but for one: as a mirror may lag behind, its
// ErrNotFound waits for those before it that are still being asked. hedge is
// called for each Open; nil is never.
//
// A body that breaks, with ErrUnavailable, is opened again once, at the next
// place that can, at last the same, and goes on from where it was, provided that
// it is of the same size and version. So a single place gains by being a mirror,
// too.
func Mirrors(hedge func() time.Duration, observer MirrorObserver, origins ...Origin) Origin {
	if hedge == nil {
		hedge = func() time.Duration { return 0 }
	}
	return &mirrors{origins: append([]Origin(nil), origins...), hedge: hedge, observer: observer}
}

type mirrors struct {
	origins  []Origin
	hedge    func() time.Duration
	observer MirrorObserver
}

func (m *mirrors) Open(ctx context.Context, key string, have Version) (*Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, Unavailable(ctx, m.String(), err)
	}
	if len(m.origins) == 0 {
		return nil, fmt.Errorf("%w: no mirror", ErrUnavailable)
	}
	r := &race{mirrors: m, ctx: ctx, key: key, have: have, answers: make(chan answer), over: make(chan struct{})}
	defer close(r.over)
	won, err := r.run()
	if err != nil {
		won = nil
	}
	r.cancelAllBut(won)
	if won == nil {
		return nil, err
	}
	object := won.object
	object.Body = newResumable(ctx, m, key, won, r.cancels[won.at])
	return object, nil
}

// race is one Open of several places. failsafe-go's hedge is not used: it does
// not begin the next attempt when one fails, lets the results of losers fall,
// which have bodies to close, and ends the winner's context with the call.
type race struct {
	*mirrors
	ctx     context.Context
	key     string
	have    Version
	answers chan answer          // not buffered: who is not heard cleans up after itself
	over    chan struct{}        // closed when nobody listens any more
	cancels []context.CancelFunc // of those asked
	running []bool               // of those asked
	no      *answer              // the foremost ErrNotFound
	causes  []error
}

type answer struct {
	at     int
	object *Object
	err    error
}

// run asks one place after the other until one has answered or all have failed.
// The answer is nil with an error.
func (r *race) run() (*answer, error) {
	r.ask()
	for slices.Contains(r.running, true) {
		slow, stop := r.slow()
		select {
		case a := <-r.answers:
			stop()
			if r.hear(a) {
				return &a, a.err
			}
			if r.denied() {
				return nil, r.no.err
			}
		case <-slow:
			r.askNext(r.observer.Hedged)
		case <-r.ctx.Done():
			stop()
			return nil, Unavailable(r.ctx, r.String(), r.ctx.Err())
		}
	}
	if r.ctx.Err() != nil {
		return nil, Unavailable(r.ctx, r.String(), r.ctx.Err())
	}
	return nil, &passedOver{r.causes}
}

// denied reports that one has said no, and so has everybody before it. While one
// could not answer that is not the answer of all: it may have what has not come to
// the others yet.
func (r *race) denied() bool {
	return r.no != nil && len(r.causes) == 0 && !slices.Contains(r.running[:r.no.at], true)
}

// hear takes an answer, and reports whether it decides.
func (r *race) hear(a answer) bool {
	r.running[a.at] = false
	switch {
	case a.err == nil || errors.Is(a.err, ErrNotModified):
		return true
	case saidNo(a.err):
		if r.no == nil || a.at < r.no.at {
			r.no = &a
		}
		if len(r.causes) > 0 {
			r.askNext(r.observer.FailedOver)
		}
	case r.ctx.Err() == nil:
		r.causes = append(r.causes, a.err)
		r.askNext(r.observer.FailedOver)
	}
	return false
}

// more reports whether there is anybody left to be asked, and a reason to.
func (r *race) more() bool {
	return (r.no == nil || len(r.causes) > 0) && len(r.cancels) < len(r.origins)
}

// slow gives a signal when the next place is to be asked, too.
func (r *race) slow() (signal <-chan time.Time, stop func()) {
	d := r.hedge()
	if d <= 0 || !r.more() {
		return nil, func() {}
	}
	timer := time.NewTimer(d)
	return timer.C, func() { timer.Stop() }
}

// askNext asks the next place, and tells so.
func (r *race) askNext(tell func(place string)) {
	if !r.more() {
		return
	}
	if tell != nil {
		tell(r.origins[len(r.cancels)].String())
	}
	r.ask()
}

// ask asks the next place. Each has a context of its own, which the winner's
// body keeps.
func (r *race) ask() {
	at := len(r.cancels)
	ctx, cancel := context.WithCancel(r.ctx)
	r.cancels = append(r.cancels, cancel)
	r.running = append(r.running, true)
	go func() {
		object, err := r.open(ctx, at)
		select {
		case r.answers <- answer{at, object, err}:
		case <-r.over:
			if err == nil {
				discard(object)
			}
		}
	}()
}

// open asks a place. A second try is for where there is nobody else to ask: what
// is dead would take its time twice.
func (r *race) open(ctx context.Context, at int) (*Object, error) {
	if g, ok := r.origins[at].(*Guarded); ok && at < len(r.origins)-1 {
		return g.openOnce(ctx, r.key, r.have)
	}
	return r.origins[at].Open(ctx, r.key, r.have)
}

func (r *race) cancelAllBut(won *answer) {
	for at, cancel := range r.cancels {
		if won == nil || at != won.at {
			cancel()
		}
	}
}

// Check asks all places at once.
func (m *mirrors) Check(ctx context.Context) error { return checkAll(ctx, m.origins) }

// String lists the places.
func (m *mirrors) String() string {
	names := make([]string, len(m.origins))
	for i, origin := range m.origins {
		names[i] = origin.String()
	}
	return strings.Join(names, " | ")
}

// Places are the mirrors, in order.
func (m *mirrors) Places() []Origin { return places(m.origins) }

func (m *mirrors) parts() []Origin { return m.origins }

// Down reports that all places are down.
func (m *mirrors) Down() bool { return allDown(m.origins) }

// Link is that of the first place that is not down and can.
func (m *mirrors) Link(ctx context.Context, key string, o LinkOptions) (string, error) {
	return firstLink(ctx, m, key, o)
}

// Put writes to the first place that is not down.
func (m *mirrors) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	w, err := firstUp[Writer](m)
	if err != nil {
		return err
	}
	return w.Put(ctx, key, body, size, modTime)
}

// Stat asks the first place that is not down and can be written to, which is
// where Put would write.
func (m *mirrors) Stat(ctx context.Context, key string) (Entry, error) {
	w, err := firstUp[Writer](m)
	if err != nil {
		return Entry{}, err
	}
	return w.Stat(ctx, key)
}

// List lists the first place that is not down and can be listed.
func (m *mirrors) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[Entry, error] {
	l, err := firstUp[Lister](m)
	if err != nil {
		return failing(err)
	}
	return l.List(ctx, prefix, skipped)
}
