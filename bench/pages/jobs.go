package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// job is what GET /jobs/<id> says.
type job struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Made   int    `json:"made"`
	There  int    `json:"there"`
	Failed int    `json:"failed"`
	Errors []struct {
		Key   string `json:"key"`
		Error string `json:"error"`
	} `json:"errors"`
}

// begin starts a job for all of the options of all keys.
func (s *server) begin(ctx context.Context, keys, options []string) (id string, err error) {
	body, err := json.Marshal(map[string][]string{"keys": keys, "ops": options})
	if err != nil {
		return "", err
	}
	var started job
	err = s.admin.decoded(ctx, http.MethodPost, "/prime", string(body), http.StatusAccepted, &started)
	return started.ID, err
}

// cancel stops a job and waits until nothing is done for it any more.
func (s *server) cancel(ctx context.Context, id string) (j job, err error) {
	err = s.admin.decoded(ctx, http.MethodDelete, "/jobs/"+id, "", http.StatusOK, &j)
	return j, err
}

// prime is begin, and waits until all is made.
func (s *server) prime(ctx context.Context, keys, options []string) (j job, err error) {
	id, err := s.begin(ctx, keys, options)
	if err != nil {
		return j, err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := s.admin.decoded(ctx, http.MethodGet, "/jobs/"+id, "", http.StatusOK, &j); err != nil {
			return j, err
		}
		if j.State != "running" {
			return j, j.whole(len(keys) * len(options))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return j, ctx.Err()
		}
	}
}

// whole says what is missing of a job that was to have so many derivatives made.
func (j job) whole(n int) error {
	if j.State != "done" || j.Failed > 0 || j.Made+j.There != n {
		return fmt.Errorf("the job is %s (%s): of %d were made %d, there %d, failed %d: %v", j.State, j.Reason, n, j.Made, j.There, j.Failed, j.Errors)
	}
	return nil
}
