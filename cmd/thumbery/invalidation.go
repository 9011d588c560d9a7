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
	"github.com/thumbery/thumbery/invalidation/peers"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// openInvalidations returns the log of the cache directory, which must not have been opened
// yet: its log says whether anything in it is older.
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

// forgetFor returns what forgets, on this node alone, a picture that another node ("peer") or
// "process" has recorded.
func (a *app) forgetFor(source string) func(variant.Key) error {
	return func(key variant.Key) error {
		a.metrics.Invalidated(source)
		_, err := a.Forget(key)
		return err
	}
}

// forgetting forgets what other processes have recorded, and removes from the shared tier
// whatever was forgotten. It has to run in the background of all that fills the cache.
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

// peers follow the other nodes, when they Run.
func (c *serveCmd) peers(app *app, log *slog.Logger) (*peers.Peers, error) {
	source, err := peers.Parse(c.Peers)
	if err != nil {
		return nil, exit.Usage(err)
	}
	return peers.New(peers.Config{
		Source: source, Token: c.AdminToken, Log: app.invalidations, Forget: app.forgetFor("peer"), Logger: log,
	}), nil
}
