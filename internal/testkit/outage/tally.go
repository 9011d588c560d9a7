package outage

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// Kind says how much of a picture is cached when it is requested.
type Kind string

// The kinds.
const (
	Hit     Kind = "hit"        // this size
	NewSize Kind = "new size"   // the original
	Unseen  Kind = "never seen" // nothing
)

// Tally counts answers. Its methods may be called concurrently.
type Tally struct {
	mu      sync.Mutex
	answers map[Kind]map[int]int // by status; 0 is none
	slowest map[Kind]map[int]time.Duration
	wrong   []string
	failed  []string
}

// Add counts an answer to a request.
func (t *Tally) Add(kind Kind, w Request, a Answer) {
	wrong := w.Check(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.answers == nil {
		t.answers, t.slowest = map[Kind]map[int]int{}, map[Kind]map[int]time.Duration{}
	}
	if t.answers[kind] == nil {
		t.answers[kind], t.slowest[kind] = map[int]int{}, map[int]time.Duration{}
	}
	t.answers[kind][a.Status]++
	t.slowest[kind][a.Status] = max(t.slowest[kind][a.Status], a.Took)
	if wrong != nil {
		t.wrong = append(t.wrong, wrong.Error())
	}
	if kind != Unseen && a.Status != http.StatusOK {
		t.failed = append(t.failed, fmt.Sprintf("%s: %s: %d %.300s %v", kind, w.Path, a.Status, a.Body, a.Err))
	}
}

// Wrong lists the answers that are not allowed.
func (t *Tally) Wrong() []string { return t.wrong }

// Failed lists the requests for cached originals that failed.
func (t *Tally) Failed() []string { return t.failed }

// Count is the number of answers of a kind with a status.
func (t *Tally) Count(kind Kind, status int) int { return t.answers[kind][status] }

// Statuses are the statuses of a kind, sorted.
func (t *Tally) Statuses(kind Kind) []int { return slices.Sorted(maps.Keys(t.answers[kind])) }

// Print prints a table of answers by status.
func (t *Tally) Print(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "\tstatus\tanswers\tslowest")
	for _, kind := range []Kind{Hit, NewSize, Unseen} {
		for _, status := range t.Statuses(kind) {
			fmt.Fprintf(out, "%s\t%d\t%d\t%v\n", kind, status, t.answers[kind][status], t.slowest[kind][status].Round(time.Millisecond))
		}
	}
	_ = out.Flush() // as good as w is
	fmt.Fprintf(w, "wrong or truncated: %d, failed hits: %d\n", len(t.wrong), len(t.failed))
	for _, what := range slices.Concat(first(t.wrong), first(t.failed)) {
		fmt.Fprintln(w, "  ", what)
	}
}

func first(all []string) []string { return all[:min(len(all), 10)] }
