package storage

import (
	"context"
	"fmt"
	"io"
	"iter"
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
// unless it is the last. When none can, the first of those that failed but once,
// and are not down, is asked once more. If it cannot either, the error is
// ErrUnavailable and names all causes. It is that, too, when one could not answer
// and another has no such object: a mirror may lag behind.
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
