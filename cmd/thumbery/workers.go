package main

import (
	"context"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/vips"
)

// workers make pictures.
type workers interface {
	resize.Resizer
	// Capabilities waits until they have started.
	Capabilities(context.Context) (engine.Capabilities, error)
	Close()
}

// start starts the workers.
func (f *workerFlags) start(c engine.Config) (workers, error) {
	e, err := vips.New(c)
	return inProcess{e}, err
}

// inspect starts workers only to find out what they can do.
func (f *workerFlags) inspect(ctx context.Context, c engine.Config) (engine.Capabilities, error) {
	w, err := f.start(c)
	if err != nil {
		return engine.Capabilities{}, err
	}
	defer w.Close()
	return w.Capabilities(ctx)
}

// inProcess are workers of this process.
type inProcess struct{ *vips.Engine }

func (w inProcess) Capabilities(context.Context) (engine.Capabilities, error) {
	return w.Engine.Capabilities(), nil
}

func (w inProcess) Close() {}
