package disk

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
)

// PurgeLoop purges a cache directory from time to time, for those without cron.
type PurgeLoop struct {
	Dir    string
	Every  time.Duration // about, more than 0
	Policy eviction.Policy
	Log    *slog.Logger

	purge func(context.Context, string, eviction.Policy, PurgeOptions) (Summary, error) // Purge if nil
}

// Run purges until ctx ends, at random moments about Every apart, so that servers that were
// started together do not purge together.
func (l *PurgeLoop) Run(ctx context.Context) {
	next := rand.N(l.Every)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
		l.once(ctx)
		next = l.Every - l.Every/10 + rand.N(l.Every/5)
	}
}

func (l *PurgeLoop) once(ctx context.Context) {
	purge := l.purge
	if purge == nil {
		purge = Purge
	}
	var s Summary
	err := panics.Try("purge", func() (err error) {
		s, err = purge(ctx, l.Dir, l.Policy, PurgeOptions{Workers: 1})
		return err
	})
	switch {
	case errors.Is(err, ErrPurging):
		l.Log.Info("purge skipped: another purge of the cache is running")
	case ctx.Err() != nil:
	case err != nil:
		l.Log.Error("cannot purge the cache", "cause", err)
	default:
		l.report(s)
	}
}

func (l *PurgeLoop) report(s Summary) {
	level := slog.LevelInfo
	if s.Failed > 0 || s.TooSmall {
		level = slog.LevelWarn
	}
	var what []any
	for t := range eviction.Tier(eviction.Tiers) {
		what = append(what, t.String()+"_removed", s.Of(t).Removed.Files, t.String()+"_kept", s.Of(t).Kept.Files)
	}
	what = append(what, "stale_temp_files", s.StaleTemps.Files, "failed", s.Failed, "failure", s.Failure, "too_small", s.TooSmall, "seconds", s.Seconds)
	l.Log.Log(context.Background(), level, "purged the cache", what...)
}
