package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/invalidation/frontcache"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/storage/s3"
)

// frontCaches are those of --purge-url.
type frontCaches []*frontcache.Cache

func openFrontCaches(urls []frontcache.List, m *metrics.Metrics, log *slog.Logger) (frontCaches, error) {
	all, err := frontcache.NewAll(urls, frontcache.Config{
		Observe: func(cache string, r frontcache.Result) { m.FrontPurged(cache, string(r)) },
		Sign:    s3.NewSigner().Sign, Log: log,
	})
	if err != nil {
		return nil, exit.Usage(fmt.Errorf("--purge-url: %w", err))
	}
	return all, nil
}

func (all frontCaches) tasks(log *invalidation.Log) (tasks lifecycle.Tasks) {
	for _, c := range all {
		tasks = append(tasks, lifecycle.Task{Name: "purge-" + c.Name, Run: func(ctx context.Context) { c.Run(ctx, log) }})
	}
	return tasks
}

// backlogTimeout bounds what a scrape waits for the log.
const backlogTimeout = time.Second

// backlogs is metrics.State.Fronts.
func (all frontCaches) backlogs(log *invalidation.Log) func(func(cache string, waiting int, oldest float64)) {
	return func(yield func(string, int, float64)) {
		ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
		defer cancel()
		for _, c := range all {
			waiting, oldest := c.Backlog(ctx, log)
			yield(c.Name, waiting, oldest.Seconds())
		}
	}
}
