// Package hedge reads originals from mirrors: it fails over to the next when one cannot
// answer, hedges when one is slow, makes one second attempt, and resumes bodies that break
// off. Listings and copies, which no request waits for, are repeated by package
// backoff.
package hedge

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// Observer is told when Mirrors use another backend than the first. Fields that are nil
// are not called. The functions are called by many goroutines, and are quick.
type Observer struct {
	// Hedged is called with the backend of an additional request, as those before it
	// are slow.
	Hedged func(backend string)
	// FailedOver is called with the backend that is tried instead of one that could not
	// answer.
	FailedOver func(backend string)
	// Resumed is called with the backend that a broken body is resumed from.
	Resumed func(backend string)
}

// Mirrors combines one or more origins that have the same objects, nearest first. The next is
// tried when one cannot answer, ErrRefused included. When none is left, one that has failed is
// tried once more, a moment later; this is for origins with a circuit breaker that is not open.
// If all have failed the error is ErrUnavailable and names all causes. It is that, too, when one
// could not answer and another has no such object: a mirror may lag behind.
//
// When after() has passed without an answer, if that is more than 0, the next is tried
// as well, and the first answer counts; but ErrNotFound waits for those before it that
// have not answered. after is called for each Open; nil is never.
//
// A body that breaks off, with ErrUnavailable, is opened again once, at the next mirror
// that can, at last the same one, and continues where it was, provided that size and
// version are the same. So a single origin gains by being a mirror, too.
func Mirrors(after func() time.Duration, observer Observer, origins ...storage.Origin) storage.Origin {
	if after == nil {
		after = func() time.Duration { return 0 }
	}
	return &mirrors{storage.NewGroup(" | ", origins), after, observer}
}

type mirrors struct {
	storage.Group
	after    func() time.Duration
	observer Observer
}

func (m *mirrors) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, storage.Unavailable(ctx, m.String(), err)
	}
	h := &hedgedOpen{mirrors: m, ctx: ctx, key: key, have: have, answers: make(chan answer), done: make(chan struct{})}
	defer close(h.done)
	best, err := h.run()
	if err != nil {
		h.cancelAllBut(nil)
		return nil, err
	}
	h.cancelAllBut(best)
	object := best.object
	object.Body = newResumable(ctx, m, key, best, h.tried[best.from].cancel)
	return object, nil
}

// Put writes to the first mirror that is not down.
func (m *mirrors) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	w, err := storage.FirstUp[storage.Writer](m.Group)
	if err != nil {
		return err
	}
	return w.Put(ctx, key, body, size, modTime)
}

// Stat is that of the mirror that Put would write to.
func (m *mirrors) Stat(ctx context.Context, key string) (storage.Entry, error) {
	w, err := storage.FirstUp[storage.Writer](m.Group)
	if err != nil {
		return storage.Entry{}, err
	}
	return w.Stat(ctx, key)
}

// List lists the first mirror that is not down and can be listed.
func (m *mirrors) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	l, err := storage.FirstUp[storage.Lister](m.Group)
	if err != nil {
		return storage.FailedList(err)
	}
	return l.List(ctx, prefix, skipped)
}
