// Package render makes pictures and the JSON about them. It waits until the gate admits
// a job, looks at the pixels where the plan depends on them, and resizes or describes
// within a time limit. It knows no cache and no origin: a job brings its source.
package render

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/info"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Config is what an Engine is made of. All fields but Observer are needed.
type Config struct {
	Resizer resize.Resizer
	// Gate admits jobs by their estimated memory: resize.Plan.Cost.
	Gate     *gate.Gate
	Settings resize.Settings
	// Timeout bounds the work on one derivative, including the queue, but for background
	// work. When it is over, the error is resize.ErrTooSlow, or gate.ErrWaited if most of it
	// went into the queue.
	Timeout  time.Duration
	Observer Observer
	Now      func() time.Time
}

// Observer is told what happens, for metrics. Its methods are called by many
// goroutines at once.
type Observer interface {
	// Resized: a request's picture was made, looked at or described in took, or could
	// not be. Background work is not reported.
	Resized(input Input, took time.Duration, err error)
	// Step: a step begins, of the request or the background work that ctx belongs to. It is
	// done in the context that is returned, and end is called with its outcome.
	Step(ctx context.Context, name string) (step context.Context, end func(error))
}

// Engine makes pictures. It is safe for use by several goroutines.
type Engine struct {
	Config
	// Inspections admits the inspection of headers, each with weight 1. It has as many
	// workers as Gate, and as long a queue.
	Inspections *gate.Gate
	formats     header.Formats // that are read
	describer   *info.Describer
	recipe      string // of pictures without a watermark
}

// New returns an Engine.
func New(c Config) *Engine {
	return &Engine{
		Config:      c,
		Inspections: c.Gate.Unweighted(), formats: resize.ReadBy(c.Resizer),
		describer: info.NewDescriber(c.Resizer, c.Settings),
		recipe:    c.Resizer.Recipe() + " " + c.Settings.Recipe(),
	}
}

// Recipe names everything but the options and the original that decides the bytes of
// a derivative. It is part of the derivative's name.
func (e *Engine) Recipe(v variant.Variant) string {
	switch {
	case v.Kind.IsInfo():
		return e.describer.Recipe()
	case v.Watermark == "":
		return e.recipe
	}
	return e.recipe + " " + e.Settings.Watermarks[v.Watermark]
}

// Plan says what has to be done for v, so that it can be admitted. JSON about a picture
// is made from a small picture, and so has a plan like any other derivative.
func (e *Engine) Plan(h header.Header, v variant.Variant, a variant.Accept) (resize.Plan, error) {
	if v.Kind.IsInfo() {
		return e.describer.Plan(h)
	}
	return resize.NewPlan(h, v, a, e.Settings)
}

// MediaType is that of data, made for v or of any file; data may be its first 64 bytes.
func MediaType(v variant.Variant, data []byte) string {
	if v.Kind.IsInfo() {
		return info.MediaType
	}
	if f, ok := header.Sniff(data); ok {
		return header.MediaType(f)
	}
	return "application/octet-stream"
}

// Inspect reads the header of a page of src, counted from 1, when it is admitted, and within
// Config.Timeout, as for Render. A header that has to be probed takes a worker, like a picture; the others
// have a gate of their own, Inspections, since they are read faster than any picture is
// made. background gives it low priority.
//
// Errors are those of resize.Inspect, gate.ErrBusy, resize.ErrTooSlow and that of ctx. What
// is in no format that is read is refused before it is queued.
func (e *Engine) Inspect(ctx context.Context, src resize.Source, page int, background bool) (h header.Header, err error) {
	f, err := resize.FormatOf(src, e.formats)
	if err != nil {
		return header.Header{}, err
	}
	g, weight := e.Inspections, int64(1)
	if header.Probed.Has(f) {
		g, weight = e.Gate, e.Gate.LeastHeavy()
	}
	limit := e.limit(time.Time{}, background)
	leave, err := limit.enter(ctx, g, weight)
	if err != nil {
		return header.Header{}, err
	}
	defer leave()
	err = limit.within(ctx, func(ctx context.Context) error {
		h, err = resize.Inspect(ctx, e.Resizer, src, e.formats, page)
		return err
	})
	return h, err
}
