package main

import (
	"context"
	"fmt"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/variant"
)

// sharedTier is a Config without a bucket if there is no --shared.
func (f *AppFlags) sharedTier(a *app, c appConfig) (shared.Config, error) {
	if f.Shared == nil {
		return shared.Config{}, nil
	}
	prefix, err := storage.CleanPrefix(f.Shared.Path)
	if keys := a.origins.Keys(f.Shared.Host, prefix+"x"); err == nil && len(keys) > 0 {
		return shared.Config{}, exit.Usage(fmt.Errorf("--shared: %s is below a --source, so that derivatives would be taken for originals: use another bucket, or a prefix beside those of --source", f.Shared.Redacted()))
	}
	bucket, err := s3.OpenBucket(f.Shared, s3.Options{Wrap: c.tracer.Transport}) // callers bound its time
	if err != nil {
		return shared.Config{}, exit.Usage(fmt.Errorf("--shared: %w", err))
	}
	return shared.Config{Bucket: bucket, MinCost: f.SharedMinCost, HedgeAfter: f.SharedHedge, Observer: c.metrics, Log: c.log}, nil
}

// drainShared writes to the shared tier what is left to be written when the server stops.
func (a *app) drainShared(ctx context.Context) {
	<-ctx.Done()
	_ = a.Derivatives.Shared.Drain(context.Background()) // which --grace ends
}

// removeShared removes pictures from the shared tier, when they were forgotten here and so
// nothing more is written of them. Each node does this by itself: it may have written what
// others have not found.
func (a *app) removeShared(ctx context.Context, events []invalidation.Event) error {
	if err := a.invalidations.Await(ctx, invalidation.Self); err != nil {
		return err
	}
	names := make([]variant.Name, len(events))
	for i, e := range events {
		names[i] = e.Key.Name()
	}
	return a.Derivatives.Shared.Remove(ctx, names...)
}

// sharedChecks are those of /readyz for the shared tier, if there is one.
func (a *app) sharedChecks() []admin.Check {
	s := a.Derivatives.Shared
	if s == nil {
		return nil
	}
	return []admin.Check{{Name: "shared " + s.Bucket.String(), Do: s.Bucket.Check, Degrades: true, State: func() string { return s.State().String() }}}
}

// sharedState yields the state of the shared tier for metrics, if there is one.
func (a *app) sharedState(yield func(bucket string, state int)) {
	if s := a.Derivatives.Shared; s != nil {
		yield(s.Bucket.String(), int(s.State()))
	}
}
