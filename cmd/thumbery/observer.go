package main

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/tracing"
)

// observer adapts metrics and tracing to the pipeline and the edge.
type observer struct {
	*metrics.Metrics
	tracer *tracing.Tracer
}

func (a *app) observer() observer { return observer{a.metrics, a.tracer} }

// Revalidated implements pipeline.Observer.
func (o observer) Revalidated(v originals.Freshness) { o.Metrics.Revalidated(v.String()) }

// Resized implements pipeline.Observer.
func (o observer) Resized(of render.Input, took time.Duration, err error) {
	o.Metrics.Resized(of.String(), took, err)
}

// Step implements pipeline.Observer.
func (o observer) Step(ctx context.Context, name string) (step context.Context, end func(error)) {
	return o.tracer.Step(ctx, name)
}

// ages yields the bytes in the cache when it was last purged, by tier and last use.
func (a *app) ages(yield func(tier, below string, bytes int64)) {
	census := a.dir.Inventory.Stock().Counted
	for tier := range eviction.Tier(eviction.Tiers) {
		for _, age := range census.Of(tier).Ages {
			yield(tier.String(), age.Below, age.Bytes)
		}
	}
}

// Answered implements api.Observer.
func (o observer) Answered(ctx context.Context, a api.Answer) {
	trace := o.tracer.ID(ctx)
	o.Metrics.Answered(a.Outcome, a.Status, a.Bytes, a.Took, trace)
	for _, step := range a.Steps {
		o.Stepped(step.Name, step.Took, trace)
	}
	if trace == "" {
		return
	}
	t := tracing.Answer{Key: string(a.Key), Outcome: a.Outcome, Bytes: a.Bytes, Cause: a.Cause, Work: a.Work}
	if a.Variant != nil {
		t.Ops = a.Variant.String()
	}
	o.tracer.Answered(ctx, t)
}
