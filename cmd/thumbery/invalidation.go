package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/invalidation/frontcache"
	"github.com/thumbery/thumbery/invalidation/peers"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/variant"
)

// openInvalidations opens the log of the cache directory. It comes before all else that opens that,
// which makes its tiers: without them it is empty, and nothing in it is older than the log.
func (f *AppFlags) openInvalidations(m *metrics.Metrics, log *slog.Logger) (*invalidation.Log, error) {
	_, err := os.Stat(filepath.Join(f.Cache, disk.Derivatives))
	l, err := invalidation.New(f.Cache, invalidation.Options{
		Empty: errors.Is(err, fs.ErrNotExist), NoSync: f.NoSync, Lost: m.InvalidationsLost, Log: log,
	})
	if err != nil {
		return nil, exit.Usage(err)
	}
	return l, nil
}

// record has all nodes, and what is in front of them, forget a picture; forget does it here.
func (a *app) record(key variant.Key, forget func() error) error {
	a.metrics.Invalidated("here")
	return a.invalidations.Record(context.Background(), forget, key)
}

// forgetEverywhere is Forget on all nodes. It returns what was removed here.
func (a *app) forgetEverywhere(key variant.Key) (f pipeline.Forgotten, err error) {
	err = a.record(key, func() (err error) { f, err = a.Forget(key); return err })
	return f, err
}

// forgetFor returns a function that forgets, on this node alone, a picture that another node
// (source "peer") or another process here ("process") has recorded.
func (a *app) forgetFor(source string) func(variant.Key) error {
	return func(key variant.Key) error {
		a.metrics.Invalidated(source)
		_, err := a.Forget(key)
		return err
	}
}

// forgetting forgets what other processes have recorded, and removes from the shared tier what
// was forgotten. Whatever fills the cache needs it in the background.
func (a *app) forgetting() lifecycle.Tasks {
	all := lifecycle.Tasks{
		{Name: "invalidations", Run: a.invalidations.Watch},
		{Name: "invalidations-self", Run: func(ctx context.Context) { a.invalidations.ApplyOthers(ctx, a.forgetFor("process")) }},
	}
	if a.Derivatives.Shared != nil {
		all = append(all, lifecycle.Task{Name: "shared-removals", Run: func(ctx context.Context) { a.invalidations.Consume(ctx, "shared", a.removeShared) }})
	}
	return all
}

// settleTimeout bounds settle: the bucket of the shared tier may be down.
const settleTimeout = 30 * time.Second

// settle returns when forgetting has caught up, also after ctx has ended: what was kept just
// now may be of a picture that was forgotten meanwhile.
func (a *app) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	err := a.invalidations.Await(ctx, invalidation.Self)
	if err == nil && a.Derivatives.Shared != nil {
		err = a.invalidations.Await(ctx, "shared")
	}
	if err != nil {
		return fmt.Errorf("pictures that were forgotten meanwhile may be old: %w", err)
	}
	return nil
}

// peers are the other nodes. Their Run follows what they forget.
func (c *serveCmd) peers(app *app, log *slog.Logger) (*peers.Peers, error) {
	source, err := peers.Parse(c.Peers)
	if err != nil {
		return nil, exit.Usage(err)
	}
	return peers.New(peers.Config{
		Source: source, Token: c.AdminToken, Log: app.invalidations, Forget: app.forgetFor("peer"), Logger: log,
	}), nil
}

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

// backlogTimeout bounds how long a scrape of the metrics waits for the log.
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
