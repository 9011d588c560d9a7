package render

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Job is a derivative to be made from an original or its mezzanine.
type Job struct {
	Variant variant.Variant
	Accept  variant.Accept
	Header  header.Header // of Source
	Plan    resize.Plan   // as Engine.Plan returned it for the original
	Input   Input
	Source  Source
	// Opened is when the original was open: the time for a request runs from then. Zero is
	// when Render is called.
	Opened time.Time
	// Background gives the job low priority: no request waits for it.
	Background bool
}

// Source opens what a picture is made from. It is called when a job has been admitted,
// once for each admission. The engine calls done with the outcome when the work on src is
// over, and returns what done makes of it; done is nil if err is not.
type Source func() (src resize.Source, done func(error) error, err error)

// Input is what a derivative is made from.
type Input uint8

// The values of Input.
const (
	FromOriginal Input = iota
	FromMezzanine
)

// String is the input's name in metrics.
func (i Input) String() string { return [...]string{"original", "mezzanine"}[i] }

// Step is one part of the work for an answer.
type Step struct {
	Name string // "fetch", "queue", "look", "resize", "mezzanine", "prime", "store", "bucket"
	Took time.Duration
}

// Picture is the result of a Job.
type Picture struct {
	Data      []byte
	MediaType string
	Steps     []Step
}

// Render makes a derivative. Where the plan depends on the pixels, it looks at them in
// an admission of its own, since what it finds may weigh more. All of that takes
// Config.Timeout at most.
//
// Errors are those of package resize, gate.ErrBusy, those of the Source, and that of
// ctx. With header.ErrBroken, Data is what could be made of a broken original, if
// anything.
func (e *Engine) Render(ctx context.Context, j Job) (p Picture, err error) {
	limit := e.limit(j.Opened, j.Background)
	if resize.NeedsLook(j.Variant) && !j.Variant.Kind.IsInfo() {
		err = e.run(ctx, e.task("look", j, limit), &p, func(ctx context.Context, src resize.Source) error {
			v, err := e.Resizer.Look(ctx, src, j.Header, j.Variant)
			if err == nil {
				j.Plan, err = resize.NewPlan(j.Header, v, j.Accept, e.Settings)
			}
			return err
		})
		if err != nil {
			return p, err
		}
	}
	err = e.run(ctx, e.task("resize", j, limit), &p, func(ctx context.Context, src resize.Source) (err error) {
		if j.Variant.Kind.IsInfo() {
			p.Data, err = e.describer.Describe(ctx, src, j.Header, j.Plan, j.Variant.Kind == variant.InfoGPS)
		} else {
			p.Data, err = e.Resizer.Resize(ctx, src, j.Header, j.Plan)
		}
		return err
	})
	p.MediaType = MediaType(j.Variant, p.Data)
	return p, err
}

// RenderPlan carries out a plan in the background. Its time is not reported. The errors
// are those of Render.
func (e *Engine) RenderPlan(ctx context.Context, step string, h header.Header, plan resize.Plan, source Source) (data []byte, err error) {
	err = e.inBackground(ctx, step, h, plan, source, func(ctx context.Context, src resize.Source) (err error) {
		data, err = e.Resizer.Resize(ctx, src, h, plan)
		return err
	})
	return data, err
}

// Look is resize.Resizer.Look in the background. Its time is not reported. The errors are those
// of Render.
func (e *Engine) Look(ctx context.Context, h header.Header, v variant.Variant, source Source) (found variant.Variant, err error) {
	plan, err := resize.NewPlan(h, v, 0, e.Settings)
	if err != nil {
		return v, err
	}
	err = e.inBackground(ctx, "look", h, plan, source, func(ctx context.Context, src resize.Source) (err error) {
		found, err = e.Resizer.Look(ctx, src, h, v)
		return err
	})
	return found, err
}

func (e *Engine) inBackground(ctx context.Context, step string, h header.Header, plan resize.Plan, source Source, do func(context.Context, resize.Source) error) error {
	t := task{step: step, weight: e.weight(h, plan.Cost(h)), limit: e.limit(time.Time{}, true), source: source}
	return e.run(ctx, t, &Picture{}, do)
}

// Batch is several plans that are carried out with one decode, in the background.
type Batch struct {
	Header header.Header // of Source
	// Plans are read when Source has returned, which may have removed those that are
	// not needed any more. Without any, nothing is done.
	Plans  []resize.Plan
	Source Source
}

// RenderBatch carries out a batch, in as much time as each of its plans may take. It
// calls done with the outcome of each plan, by index, one at a time; if it returns an
// error, it may not have called it for all. It returns how long the engine has worked.
func (e *Engine) RenderBatch(ctx context.Context, b *Batch, done func(i int, data []byte, err error)) (worked time.Duration, err error) {
	var p Picture
	limit := e.limit(time.Time{}, true)
	limit.left *= time.Duration(len(b.Plans))
	t := task{step: "prime", weight: e.weight(b.Header, resize.CostOfAll(b.Header, b.Plans)), limit: limit, source: b.Source}
	err = e.run(ctx, t, &p, func(ctx context.Context, src resize.Source) error {
		if len(b.Plans) == 0 {
			return nil
		}
		return e.Resizer.ResizeAll(ctx, src, b.Header, b.Plans, func(i int, data []byte, err error) {
			done(i, data, timedOut(ctx, err))
		})
	})
	return Worked(p.Steps), err
}

// Worked is how long the engine has worked in those steps.
func Worked(steps []Step) (worked time.Duration) {
	for _, s := range steps {
		switch s.Name {
		case "look", "resize", "prime":
			worked += s.Took
		}
	}
	return worked
}

// task is one admission to the engine.
type task struct {
	step   string
	weight int64 // in decoded pixels of four bytes
	limit  *limit
	input  Input
	source Source
}

func (e *Engine) task(step string, j Job, l *limit) task {
	return task{step, e.weight(j.Header, j.Plan.Cost(j.Header)), l, j.Input, j.Source}
}

// weight is that of work of such a cost. Drawings are heavy, since even a small one can keep
// a worker busy until the time limit.
func (e *Engine) weight(h header.Header, cost int64) int64 {
	if h.Drawn() {
		return max(cost, e.Gate.LeastHeavy())
	}
	return cost
}

// run waits for the admission of t and does it within its time. The source is opened only
// then, so that what is queued holds no memory.
func (e *Engine) run(ctx context.Context, t task, p *Picture, do func(context.Context, resize.Source) error) error {
	queued := e.Now()
	inQueue, end := e.Observer.Step(ctx, "queue")
	leave, err := t.limit.enter(inQueue, e.Gate, t.weight)
	end(err)
	if err != nil {
		return err
	}
	defer leave()
	began := e.Now()
	src, done, err := t.source()
	p.Steps = append(p.Steps, Step{"queue", began.Sub(queued)})
	if err != nil {
		return err
	}
	ctx, end = e.Observer.Step(ctx, t.step)
	err = finish(done, func() error {
		return t.limit.within(ctx, func(ctx context.Context) error { return do(ctx, src) })
	})
	end(err)
	took := e.Now().Sub(began)
	t.limit.left -= took
	p.Steps = append(p.Steps, Step{t.step, took})
	if !t.limit.background {
		e.Observer.Resized(t.input, took, err)
	}
	return err
}

// finish works and tells done the outcome, also after a panic.
func finish(done func(error) error, work func() error) (err error) {
	defer func() { err = done(err) }()
	return work()
}

// timedOut is resize.ErrTooSlow for an error that our own time limit caused.
func timedOut(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) == resize.ErrTooSlow {
		return resize.ErrTooSlow
	}
	return err
}
