package resizetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Recorder is a Fake that notes what it decodes, and what it makes of that: "640>200" for what is
// 200 wide of what is 640, and "640>40,80" for both at once.
type Recorder struct {
	*Fake
	mu   sync.Mutex
	made []string
	stop func(ctx context.Context, what string) error
}

func (e *Recorder) begin(ctx context.Context, h header.Header, plans ...resize.Plan) error {
	what := fmt.Sprintf("%d>", h.Width)
	for i, p := range plans {
		if i > 0 {
			what += ","
		}
		what += fmt.Sprint(p.ScaledW)
		if f := p.Output.Format; f != variant.JPEG {
			what += f.String()
		}
	}
	e.mu.Lock()
	stop := e.stop
	e.made = append(e.made, what)
	e.mu.Unlock()
	if stop == nil {
		return nil
	}
	return stop(ctx, what)
}

// SetStop has stop called before each work, of the kind that it is given: its error is
// what comes of the work.
func (e *Recorder) SetStop(stop func(ctx context.Context, what string) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stop = stop
}

// Resize implements resize.Resizer.
func (e *Recorder) Resize(ctx context.Context, src resize.Source, h header.Header, p resize.Plan) ([]byte, error) {
	if err := e.begin(ctx, h, p); err != nil {
		return nil, err
	}
	return e.Fake.Resize(ctx, src, h, p)
}

// ResizeAll implements resize.Resizer.
func (e *Recorder) ResizeAll(ctx context.Context, src resize.Source, h header.Header, plans []resize.Plan, done func(int, []byte, error)) error {
	if err := e.begin(ctx, h, plans...); err != nil {
		for i := range plans {
			done(i, nil, err)
		}
		return err
	}
	return e.Fake.ResizeAll(ctx, src, h, plans, done)
}

// Want checks what was made since the last time, in any order.
func (e *Recorder) Want(t *testing.T, when string, made ...string) {
	t.Helper()
	got := slices.Sorted(slices.Values(e.Take()))
	slices.Sort(made)
	if !slices.Equal(got, made) {
		t.Errorf("%s: the engine has made %q, want %q", when, got, made)
	}
}

// Take returns what was made since the last time.
func (e *Recorder) Take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	made := e.made
	e.made = nil
	return made
}

// Hold makes all work of these kinds wait until release is called, or it is
// cancelled.
func (e *Recorder) Hold(kinds ...string) (release func()) {
	held := make(chan struct{})
	e.SetStop(func(ctx context.Context, what string) error {
		if !slices.Contains(kinds, what) {
			return nil
		}
		select {
		case <-held:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return sync.OnceFunc(func() { close(held) })
}
