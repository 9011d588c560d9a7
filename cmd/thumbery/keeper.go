package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
)

// keeper purges the cache from time to time, for those without cron.
type keeper struct {
	dir    string
	every  time.Duration
	policy eviction.Policy
	log    *slog.Logger
	purge  func(context.Context, string, eviction.Policy, disk.PurgeOptions) (disk.Summary, error)
}

// run purges until ctx is done. The first time comes at some moment of the first
// interval, and all others a tenth earlier or later than due, so that servers
// started together do not purge together.
func (k *keeper) run(ctx context.Context) {
	next := rand.N(k.every)
	for {
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		k.once(ctx)
		next = k.every - k.every/10 + rand.N(k.every/5)
	}
}

func (k *keeper) once(ctx context.Context) {
	var s disk.Summary
	err := panics.Try("purge", func() (err error) {
		s, err = k.purge(ctx, k.dir, k.policy, disk.PurgeOptions{Workers: 1})
		return err
	})
	switch {
	case errors.Is(err, disk.ErrPurging):
		k.log.Info("not purged: another purge goes on")
	case ctx.Err() != nil:
	case err != nil:
		k.log.Error("cannot purge the cache", "cause", err)
	default:
		k.report(s)
	}
}

func (k *keeper) report(s disk.Summary) {
	level := slog.LevelInfo
	if s.Failed > 0 || s.TooSmall {
		level = slog.LevelWarn
	}
	var what []any
	for t := range eviction.Tier(eviction.Tiers) {
		what = append(what, t.String()+"_removed", s.Of(t).Removed.Files, t.String()+"_kept", s.Of(t).Kept.Files)
	}
	what = append(what, "litter", s.Litter.Files, "failed", s.Failed, "failure", s.Failure, "too_small", s.TooSmall, "seconds", s.Seconds)
	k.log.Log(context.Background(), level, "purged the cache", what...)
}
