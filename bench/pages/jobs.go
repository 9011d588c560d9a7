package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// job is a line of the answer to POST /prime.
type job struct {
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

// follow primes all keys with all options, and returns the last line of the answer. If
// ctx ends, so does the job.
func (s *server) follow(ctx context.Context, keys, options []string) (last job, err error) {
	body, err := json.Marshal(map[string][]string{"keys": keys, "ops": options})
	if err != nil {
		return last, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.admin.url+"/prime", strings.NewReader(string(body)))
	if err != nil {
		return last, err
	}
	res, err := s.admin.http.Do(req)
	if err != nil {
		return last, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return last, fmt.Errorf("POST /prime: answered with %d", res.StatusCode)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
			return last, err
		}
	}
	if ctx.Err() != nil {
		return last, nil
	}
	return last, lines.Err()
}

// begin starts a job. stop ends it, and returns what it had done by its last line.
func (s *server) begin(ctx context.Context, keys, options []string) (stop func() (job, error)) {
	ctx, cancel := context.WithCancel(ctx)
	var j job
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		j, err = s.follow(ctx, keys, options)
	}()
	return func() (job, error) {
		cancel()
		<-ended
		return j, err
	}
}

// prime waits until all is made.
func (s *server) prime(ctx context.Context, keys, options []string) (job, error) {
	j, err := s.follow(ctx, keys, options)
	if err == nil {
		err = j.whole(len(keys) * len(options))
	}
	return j, err
}

// whole says what is missing of a job that was to have so many derivatives made.
func (j job) whole(n int) error {
	if j.State != "done" || j.Failed > 0 || j.Made+j.There != n {
		return fmt.Errorf("the job is %s (%s): of %d were made %d, there %d, failed %d: %v", j.State, j.Reason, n, j.Made, j.There, j.Failed, j.Errors)
	}
	return nil
}
