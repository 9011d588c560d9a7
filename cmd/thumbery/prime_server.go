package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/variant"
)

const (
	// followEvery is how often a job is asked how far it has come; it may fail to
	// answer for followPatience.
	followEvery    = 300 * time.Millisecond
	followPatience = 30 * time.Second
	// askTimeout bounds a request, and stopTimeout one that waits for what is
	// under way.
	askTimeout  = 30 * time.Second
	stopTimeout = 2 * time.Minute
)

// remote has a running server do the work, in one job after the other.
type remote struct {
	base   string
	client *http.Client
	tally  *tally
	log    *slog.Logger

	request jobBody                                 // without keys
	keys    func(context.Context) <-chan keyOrError // nil if the server lists them
}

// jobBody is the body of POST /prime.
type jobBody struct {
	Keys       []variant.Key `json:"keys,omitempty"`
	Prefix     *string       `json:"prefix,omitempty"`
	Since      string        `json:"since,omitempty"`
	Ops        []string      `json:"ops,omitempty"`
	AllPresets bool          `json:"all_presets,omitempty"`
	Formats    string        `json:"formats,omitempty"`
}

func (c *primeCmd) remote(r *primeReport) *remote {
	m := &remote{
		base: c.Server.base, client: c.Server.client(), tally: r.tally, log: r.log,
		request: jobBody{Ops: c.Ops, AllPresets: c.PresetAll},
	}
	if c.AllFormats {
		m.request.Formats = "auto"
	}
	if c.lists() {
		s := c.span()
		m.request.Prefix = &s.prefix
		if s.since > 0 {
			m.request.Since = s.since.String()
		}
		return m
	}
	m.keys = func(ctx context.Context) <-chan keyOrError {
		if file := again(os.Stdin); file != nil {
			go r.tally.count(ctx, readKeys(file, func(string) {}))
		}
		return aside(ctx, readKeys(os.Stdin, r.tally.leaveOut))
	}
	return m
}

// run has everything done. Errors that are mistakes in the flags are usageErrors.
func (m *remote) run(ctx context.Context) error {
	if m.keys == nil {
		return m.job(ctx, m.request)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for keys, err := range batches(ctx, m.keys(ctx)) {
		body := m.request
		if body.Keys = keys; len(keys) > 0 && ctx.Err() == nil {
			if err := m.job(ctx, body); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// job has one job done. If ctx is done before, the job is stopped.
func (m *remote) job(ctx context.Context, body jobBody) error {
	id, err := m.start(ctx, body)
	if err != nil {
		return err
	}
	before := m.tally.snapshot(time.Now())
	s, err := m.follow(ctx, id, before)
	switch {
	case err != nil:
		return err
	case s.State == admin.JobFailed:
		return errors.New(s.Reason)
	case s.State != admin.JobDone && ctx.Err() == nil:
		return errors.New("the job was stopped by somebody else, or the server is stopping")
	}
	return ctx.Err()
}

// start sends a job, as often as it takes while there is no room for it. It does
// not end in the middle, so that no job is left alone that has begun.
func (m *remote) start(ctx context.Context, body jobBody) (id string, err error) {
	data, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	for told := false; ; told = true {
		a, err := m.ask(context.WithoutCancel(ctx), http.MethodPost, "/prime", data, askTimeout)
		switch {
		case err != nil && !isDialing(err):
			return "", fmt.Errorf("a job may go on at the server: %w", err)
		case err != nil:
			return "", err
		case a.status == http.StatusAccepted:
			return a.ID, checkID(a.ID)
		}
		if a.status != http.StatusServiceUnavailable || a.Kind != "busy" {
			return "", a.refusal(m.base)
		}
		if !told {
			m.log.Warn("the server has no room for the job, which waits", "cause", a.Error)
		}
		if err := pause(ctx, a.retryAfter); err != nil {
			return "", err
		}
	}
}

// isDialing reports an error from before anything was sent.
func isDialing(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// checkID refuses what would be another path.
func checkID(id string) error {
	if id == "" || len(id) > 100 || url.PathEscape(id) != id {
		return fmt.Errorf("the server answers with a job that is called %q, and may go on there", shortened(id, exampleBytes))
	}
	return nil
}

// follow waits for the end of a job, and adds what it has done to before.
func (m *remote) follow(ctx context.Context, id string, before admin.JobStatus) (admin.JobStatus, error) {
	last := time.Now() // when it answered
	for {
		method, limit, asking := http.MethodGet, askTimeout, ctx
		if pause(ctx, followEvery) != nil {
			method, limit, asking = http.MethodDelete, stopTimeout, context.WithoutCancel(ctx)
		}
		a, err := m.ask(asking, method, "/jobs/"+id, nil, limit)
		switch {
		case err == nil && a.status == http.StatusOK:
			m.tally.merge(before, a.JobStatus, m.keys == nil, time.Now())
			if a.State != admin.JobRunning {
				return a.JobStatus, nil
			}
			last = time.Now()
		case err == nil && a.status == http.StatusNotFound:
			return a.JobStatus, errors.New("the server knows the job no more: it was started anew")
		}
		refused := err == nil && a.status != http.StatusOK && a.status < http.StatusInternalServerError
		if method == http.MethodGet && !refused && (ctx.Err() != nil || time.Since(last) < followPatience) {
			continue // the next request stops the job, if ctx is done
		}
		if err == nil {
			err = a.refusal(m.base)
		}
		return a.JobStatus, fmt.Errorf("the job %s may go on at the server: %w", id, err)
	}
}

// merge sets what was done to before and s together. With listed s knows how many
// pictures there are.
func (t *tally) merge(before, s admin.JobStatus, listed bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := &t.status
	own.Finished, own.Made, own.There = before.Finished+s.Finished, before.Made+s.Made, before.There+s.There
	own.Failed, own.NotPictures = before.Failed+s.Failed, before.NotPictures+s.NotPictures
	if listed {
		t.known, own.Listing = s.Pictures, s.Listing
		own.LeftOut = s.LeftOut
		first(&own.FirstLeftOut, s.FirstLeftOut)
	}
	first(&own.FirstNotPicture, s.FirstNotPicture)
	own.Pictures = max(t.known, own.Finished)
	own.Errors = append(before.Errors[:len(before.Errors):len(before.Errors)], s.Errors...)
	own.Errors = own.Errors[:min(len(own.Errors), tallyErrors)]
	t.sample(now)
}
