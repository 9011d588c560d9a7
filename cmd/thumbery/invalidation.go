package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/invalidation/peers"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// openInvalidations returns the log of the cache directory, which must not have been opened
// yet: its log says whether anything in it is older.
func (f *cacheFlags) openInvalidations(m *metrics.Metrics, log *slog.Logger) (*invalidation.Log, error) {
	_, err := os.Stat(filepath.Join(f.Cache, disk.Derivatives))
	l, err := invalidation.New(f.Cache, invalidation.Options{
		Empty: errors.Is(err, fs.ErrNotExist), NoSync: f.NoSync, Lost: m.InvalidationsLost, Log: log,
	})
	if err != nil {
		return nil, usage(err)
	}
	return l, nil
}

// record has all nodes, and what is in front of them, forget a picture; forget does it here.
func (a *app) record(key variant.Key, forget func() error) error {
	a.metrics.Invalidated("here")
	return a.invalidations.Record(context.Background(), key, forget)
}

// forgetEverywhere is Forget on all nodes. It returns what was removed here.
func (a *app) forgetEverywhere(key variant.Key) (f pipeline.Forgotten, err error) {
	err = a.record(key, func() (err error) { f, err = a.Forget(key); return err })
	return f, err
}

// forgetPeers forgets a picture that another node has recorded. That node also removes it
// from the shared tier.
func (a *app) forgetPeers(key variant.Key) error {
	a.metrics.Invalidated("peer")
	_, err := a.Forget(key)
	return err
}

// forgetProcess forgets a picture that another process has recorded.
func (a *app) forgetProcess(key variant.Key) error {
	a.metrics.Invalidated("process")
	_, err := a.Forget(key)
	return err
}

// peers follow the other nodes. The work has to run in the background.
func (c *serveCmd) peers(app *app, log *slog.Logger) (*peers.Peers, lifecycle.Tasks, error) {
	source, err := peers.Parse(c.Peers)
	if err != nil {
		return nil, nil, usage(err)
	}
	all := peers.New(peers.Config{
		Source: source, Token: c.AdminToken, Log: app.invalidations, Forget: app.forgetPeers, Logger: log,
	})
	others := func(ctx context.Context) { app.invalidations.ApplyOthers(ctx, app.forgetProcess) }
	return all, lifecycle.Tasks{
		{Name: "invalidations", Run: app.invalidations.Watch}, {Name: "invalidations-self", Run: others}, {Name: "peers", Run: all.Run},
	}, nil
}

// record appends what --source names to the log, so that other nodes forget it, and a
// server that uses this cache directory, too.
func (c *purgeCmd) record(ctx context.Context) error {
	if err := disk.CheckDirectory(c.Cache); err != nil || c.DryRun || len(c.Source) == 0 {
		return err
	}
	log, err := invalidation.New(c.Cache, invalidation.Options{Log: slog.Default()})
	if err != nil {
		return err
	}
	return log.Append(ctx, convert[variant.Key](c.Source)...)
}
