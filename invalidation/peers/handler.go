package peers

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/invalidation"
)

// hold is how long a request waits for an event. It is short, so that a peer soon notices
// that the other end is gone.
const hold = 5 * time.Second

// gather is how long to wait for more events, so that a hundred of them within a second do
// not cost a hundred requests of each peer.
const gather = 10 * time.Millisecond

// Handler answers GET /invalidations?log=ID&after=SEQ with the events of a log after a cursor,
// as soon as there are any, or after five seconds. Without log, it answers at once, with the
// log's ID and end.
func Handler(log *invalidation.Log) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived := time.Now()
		query := r.URL.Query()
		at := invalidation.Cursor{Log: query.Get("log")}
		var err error
		if at.Log != "" {
			at.Seq, err = strconv.ParseUint(query.Get("after"), 10, 64)
		}
		if err != nil {
			http.Error(w, "after: must be a number", http.StatusBadRequest)
			return
		}
		b, err := next(r.Context(), log, at)
		if err != nil {
			http.Error(w, "the log cannot be read", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("Cache-Control", "no-store")
		a := answerOf(b, time.Now())
		a.Held = time.Since(arrived).Milliseconds()
		_ = a.write(w) // the error is that of a client which has left
	})
}

func next(ctx context.Context, log *invalidation.Log, at invalidation.Cursor) (b invalidation.Batch, err error) {
	if at.Log == "" {
		b.Next, err = log.End(ctx)
		return b, err
	}
	waiting, cancel := context.WithTimeout(ctx, hold)
	defer cancel()
	log.WaitForPeer(waiting, at)
	if waiting.Err() == nil {
		time.Sleep(gather)
	}
	return log.After(ctx, at, maxEvents)
}
