package admin

import (
	"log/slog"
	"sync"
	"time"
)

// refusalEvery is how often a refusal is logged: anyone who reaches the listener could fill
// the disk by the log.
const refusalEvery = time.Second

// refusals logs requests that are refused, at most one each refusalEvery.
type refusals struct {
	log *slog.Logger

	mu      sync.Mutex
	next    time.Time // when one may be logged again
	omitted int       // how many were not logged since the last one that was
}

// warn logs a refusal, and how many before it were not logged.
func (l *refusals) warn(message string, attrs ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.next) {
		l.omitted++
		return
	}
	if l.omitted > 0 {
		attrs = append(attrs, "omitted", l.omitted)
	}
	l.log.Warn(message, attrs...)
	l.next, l.omitted = now.Add(refusalEvery), 0
}
