package sandbox

import (
	"sync"
	"time"
)

// trouble counts what goes wrong with children apart from the pictures they make, so that
// processes that cannot work are not started again and again without a pause.
type trouble struct {
	mu    sync.Mutex
	early int       // children that died, one after the other, before they had made anything
	at    time.Time // when the last of them did
	fails int       // starts that failed, one after the other
	text  string    // of the last

	logged time.Time // when a start that failed was last logged
}

const (
	firstPause = 10 * time.Millisecond
	maxPause   = time.Second
	// calm is how long after the last early death those before are forgotten.
	calm = 10 * time.Second
	// degraded is how many failures in a row are no accident.
	degraded = 3
)

// diedEarly notes that a child died before it had made anything.
func (t *trouble) diedEarly(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early, t.at, t.text = t.recent()+1, time.Now(), text
}

// made notes that a child has made something.
func (t *trouble) made() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early = 0
}

// notStarted notes that a child could not be started, and reports whether that is to be
// logged: the first of a row, another reason, and once a minute.
func (t *trouble) notStarted(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	log := t.fails == 0 || t.text != text || time.Since(t.logged) >= time.Minute
	if log {
		t.logged = time.Now()
	}
	t.fails, t.text = t.fails+1, text
	return log
}

// started notes that a child was started.
func (t *trouble) started() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fails = 0
}

// cannotStart reports whether the last start has failed.
func (t *trouble) cannotStart() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fails > 0
}

func (t *trouble) recent() int {
	if time.Since(t.at) > calm {
		return 0
	}
	return t.early
}

// pause is how long to wait before the next start. One failure may be a picture's fault.
func (t *trouble) pause() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := max(t.recent(), t.fails)
	if n < 2 {
		return 0
	}
	return min(maxPause, firstPause<<min(n-2, 10))
}

// state reports whether the trouble is more than an accident, and what it was.
func (t *trouble) state() (bool, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if max(t.recent(), t.fails) < degraded {
		return false, ""
	}
	return true, t.text
}
