package frontcache

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Result is what came of a request.
type Result string

const (
	// OK: the cache has purged, by a status of 2xx.
	OK Result = "ok"
	// Busy: 429, too many requests.
	Busy Result = "busy"
	// Failed: 5xx, 408, or no answer.
	Failed Result = "failed"
	// Refused: any other status. The settings or the credentials are wrong.
	Refused Result = "refused"
)

// answer is the answer to a request.
type answer struct {
	result Result
	cause  string        // without secrets; empty if OK
	after  time.Duration // Retry-After; 0 without
}

func resultOf(status int) Result {
	switch {
	case status >= 200 && status < 300:
		return OK
	case status == http.StatusTooManyRequests:
		return Busy
	case status >= 500 || status == http.StatusRequestTimeout:
		return Failed
	}
	return Refused
}

const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
	// refusedPause is between requests that somebody has to look at.
	refusedPause = time.Minute
	// longestRetryAfter is how long a cache may keep us waiting.
	longestRetryAfter = 10 * time.Minute
)

// retryAfter is the time that a header Retry-After asks to wait, in seconds or as a date.
func retryAfter(value string, now time.Time) time.Duration {
	var after time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		after = time.Duration(min(seconds, int(longestRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		after = date.Sub(now)
	}
	return max(0, min(after, longestRetryAfter))
}

// pause is how long to wait after so many failures before this one.
func (a answer) pause(failures int) time.Duration {
	pause := longestPause
	if failures < 9 { // 100 ms doubled 9 times is more than the longest
		pause = min(pause, firstPause<<failures)
	}
	switch a.result {
	case Refused:
		pause = refusedPause
	case Busy:
		pause = max(pause, time.Second)
	}
	pause += rand.N(pause/4 + 1) // so that nodes do not retry in step
	return max(pause, a.after)
}

// trouble says once a minute in the log that a cache is not purged.
type trouble struct {
	log *slog.Logger

	mu     sync.Mutex
	logged time.Time // zero while all is well
}

const logEvery = time.Minute

func (t *trouble) note(a answer, tags int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case a.result == OK && !t.logged.IsZero():
		t.logged = time.Time{}
		t.log.Info("a cache in front is purged again")
	case a.result != OK && time.Since(t.logged) >= logEvery:
		t.logged = time.Now()
		t.log.Log(context.Background(), a.level(), "a cache in front may serve what was forgotten: the request to purge it is repeated", "tags", tags, "result", string(a.result), "cause", a.cause)
	}
}

// level is ERROR where somebody has to do something.
func (a answer) level() slog.Level {
	if a.result == Refused {
		return slog.LevelError
	}
	return slog.LevelWarn
}
