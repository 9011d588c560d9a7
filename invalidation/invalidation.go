// Package invalidation keeps the log of pictures that are to be forgotten: on this node, on
// its peers, in the caches in front and in the shared tier (cache invalidation).
//
// A node appends to its own log, which is in its cache directory and is read by several
// consumers, each at its own pace: Log.Consume for those of this process, and peers by HTTP
// (invalidation/peers). How far a consumer is, its Cursor, is kept in the cache directory of
// the node that consumes, so that a node which was down, paused or out of reach goes on
// where it was, and one whose cache was wiped starts anew.
//
// The log guarantees that an appended event is on the disk, and is delivered to each consumer
// at least once. There are two exceptions: the consumer is behind by more than the log holds
// (some 100,000 events), or the disk is lost.
package invalidation

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// Event says that a picture is to be forgotten.
type Event struct {
	Seq uint64 // from 1, and greater than those of all earlier events of the log
	Key variant.Key
	At  time.Time // when it was appended, by this machine's clock, in milliseconds
	// Relayed is set if a peer appended it first, and this node has forgotten the picture.
	// It is for the shared tier, and peers are not told.
	Relayed bool
	// Late is set if it was Relayed late: caches in front of this node may have got the old
	// picture since they were purged.
	Late bool
	// Own is set if it was appended by this Log, and not by another process or by one
	// that has ended.
	Own bool
}

// Cursor is a position in a log: all events up to Seq were consumed. The zero value is
// before the first event of any log.
type Cursor struct {
	Log string // the log's ID
	Seq uint64
}

// Batch has the events after a Cursor.
type Batch struct {
	Events []Event // in the order in which they were appended
	Next   Cursor  // after the last of Events; where there is none, after all that the log has
	Behind uint64  // how many events are after Next, approximately
	// Lost is how many events after the cursor the log does not have any more; 1 if the
	// cursor is after its last event, as when an older copy of the log was restored. In
	// both cases Events begin with the oldest event.
	Lost uint64
}

// After returns at most limit events after a cursor. If the cursor is of another log, they
// are the first ones. The events must not be changed. Errors are those of the file system.
func (l *Log) After(ctx context.Context, at Cursor, limit int) (b Batch, err error) {
	err = l.locked(ctx, func() error { b = l.after(at, limit); return nil })
	return b, err
}

func (l *Log) after(at Cursor, limit int) (b Batch) {
	oldest, seq := l.files[0], at.Seq
	switch {
	case at.Log != l.id:
		seq = 0
	case seq > l.last:
		seq, b.Lost = 0, 1
	case seq+1 < oldest:
		b.Lost = oldest - 1 - seq
	}
	b.Events, b.Next = l.since(seq), l.end()
	if len(b.Events) > limit {
		b.Events = b.Events[:limit:limit]
		b.Next.Seq = b.Events[limit-1].Seq
	}
	b.Behind = l.last - b.Next.Seq
	return b
}
