package e2e

import (
	"bytes"
	"regexp"
	"sync"
	"testing"
	"time"
)

// Log keeps what a program writes to its log.
type Log struct {
	mu    sync.Mutex
	all   bytes.Buffer
	part  []byte
	lines chan string
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(p)
	l.part = append(l.part, p...)
	for {
		i := bytes.IndexByte(l.part, '\n')
		if i < 0 {
			return len(p), nil
		}
		select {
		case l.lines <- string(l.part[:i]):
		default: // nobody waits for lines any more
		}
		l.part = l.part[i+1:]
	}
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// Await waits for the next n lines that match and returns their first groups.
func (l *Log) Await(t *testing.T, re *regexp.Regexp, n int) []string {
	t.Helper()
	var found []string
	deadline := time.After(Limit)
	for len(found) < n {
		select {
		case line, running := <-l.lines:
			if !running {
				t.Fatalf("thumbery ended without saying %v\n%s", re, l)
			}
			if m := re.FindStringSubmatch(line); m != nil {
				found = append(found, m[1])
			}
		case <-deadline:
			t.Fatalf("thumbery does not say %v\n%s", re, l)
		}
	}
	return found
}

// AwaitText waits until a line contains the text.
func (l *Log) AwaitText(t *testing.T, text string) {
	t.Helper()
	l.Await(t, regexp.MustCompile("("+regexp.QuoteMeta(text)+")"), 1)
}
