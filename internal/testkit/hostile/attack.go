package hostile

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// Attack requests damaged files from a server.
type Attack struct {
	Client  *outage.Client
	Mutator *Mutator
	Dir     string // from which the server takes its originals
	Keep    string // a directory, made if need be, for the files whose answer was wrong
	Clients int    // how many ask at once

	asked int // by earlier runs
}

// Result is the result of an Attack. Its methods are for after the attack.
type Result struct {
	mu       sync.Mutex
	statuses map[int]int
	done     map[string]int // by format
	wrong    []string
	crashed  []string
	slow     []string
	slowest  time.Duration
	silent   atomic.Bool // no answer came
}

// Wrong lists the answers that are wrong, each with its file.
func (r *Result) Wrong() []string { return r.wrong }

// Crashed lists the files that, so the server says, crashed the process that worked on
// them.
func (r *Result) Crashed() []string { return r.crashed }

// Slow lists the requests that took too long.
func (r *Result) Slow() []string { return r.slow }

// Slowest is how long the slowest answer took.
func (r *Result) Slowest() time.Duration { return r.slowest }

// Done is the number of files of a format that were requested.
func (r *Result) Done(format string) int { return r.done[format] }

// String counts the answers by status.
func (r *Result) String() string {
	var all []string
	for _, status := range slices.Sorted(maps.Keys(r.statuses)) {
		all = append(all, fmt.Sprintf("%d with %d", r.statuses[status], status))
	}
	return strings.Join(all, ", ")
}

// mostAnswer is how long an answer may take: several times the server's own time-out.
const mostAnswer = 2 * time.Minute

// Run requests count mutants, after those of the run before, or those until ctx ends, and
// at least one of each format. It ends early if no answer comes, as from a server that has
// died.
func (a *Attack) Run(ctx context.Context, count int) *Result {
	result := &Result{statuses: map[int]int{}, done: map[string]int{}}
	least, first := len(a.Mutator.Formats()), a.asked
	var next atomic.Int64
	var all sync.WaitGroup
	for range a.Clients {
		all.Go(func() {
			for !result.silent.Load() {
				n := int(next.Add(1)) - 1
				if n >= max(count, least) || n >= least && ctx.Err() != nil {
					return
				}
				a.try(context.WithoutCancel(ctx), a.Mutator.Make(first+n), result)
			}
		})
	}
	all.Wait()
	a.asked += max(count, least)
	return result
}

func (a *Attack) try(ctx context.Context, m Mutant, result *Result) {
	ctx, cancel := context.WithTimeout(ctx, mostAnswer)
	defer cancel()
	file := filepath.Join(a.Dir, m.Name)
	if err := os.WriteFile(file, m.Data, 0o644); err != nil {
		result.add(m, outage.Answer{}, fmt.Sprintf("%s: %v", m.Name, err))
		return
	}
	defer os.Remove(file)
	answer := a.Client.Get(ctx, "/"+m.Options+"/"+m.Name)
	crashed := is(answer, http.StatusInternalServerError, "crashed")
	if right(answer) && !crashed {
		result.add(m, answer, "")
		return
	}
	if answer.Err != nil {
		result.silent.Store(true)
	}
	kept, err := a.keep(m)
	result.add(m, answer, fmt.Sprintf("/%s/%s: %d %.300s %v (kept as %s, %v)",
		m.Options, m.Name, answer.Status, answer.Body, answer.Err, kept, err))
}

func (a *Attack) keep(m Mutant) (file string, err error) {
	file = filepath.Join(a.Keep, m.Name)
	if err := os.MkdirAll(a.Keep, 0o755); err != nil {
		return file, err
	}
	return file, os.WriteFile(file, m.Data, 0o644)
}

// right reports whether an answer is one that a damaged file may cause: no internal error,
// other than a time-out, also in the queue behind others, and that the process died that
// worked on it.
func right(a outage.Answer) bool {
	return a.Err == nil && (a.Status < http.StatusInternalServerError ||
		is(a, http.StatusServiceUnavailable, "too-slow") || is(a, http.StatusServiceUnavailable, "busy") || is(a, http.StatusInternalServerError, "crashed"))
}

// is reports whether an answer is a problem of a kind.
func is(a outage.Answer, status int, kind string) bool {
	return a.Status == status && bytes.Contains(a.Body, []byte("urn:thumbery:"+kind))
}

// add counts an answer. what describes one whose file is kept.
func (r *Result) add(m Mutant, a outage.Answer, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statuses[a.Status]++
	r.done[m.Format]++
	r.slowest = max(r.slowest, a.Took)
	if a.Status == http.StatusServiceUnavailable {
		r.slow = append(r.slow, fmt.Sprintf("/%s/%s", m.Options, m.Name))
	}
	switch {
	case what == "":
	case right(a):
		r.crashed = append(r.crashed, what)
	default:
		r.wrong = append(r.wrong, what)
	}
}
