package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/origins"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/doctor"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
)

// doctorCmd takes the flags, and so the environment, of serve that name what is
// outside of the process.
type doctorCmd struct {
	settings.FormatFlags
	settings.WorkerFlags

	Cache  string          `complete:"dir" default:"thumbery-cache" help:"Directory of the disk cache."`
	Source []values.Source `default:"${default_source}" sep:" " help:"Backends of the originals, as for serve."`
}

// Validate is called by kong.
func (c *doctorCmd) Validate() error { return c.WorkerFlags.Validate() }

// Run prints a line for each check, and fails if something is wrong.
func (c *doctorCmd) Run(stdout io.Writer) error {
	if err := settings.CheckSources(c.Source); err != nil {
		return err
	}
	config := doctor.Config{
		Engine: c.inspect, Formats: c.FormatSet(), Required: c.RequiresSandbox(), Cache: c.Cache, Sources: values.Sources(c.Source),
		Open: func(u *url.URL) (storage.Backend, error) { return origins.OpenBackend(u, s3.Options{}) },
	}
	checks := doctor.Run(context.Background(), config)
	wrong := 0
	for _, check := range checks {
		fmt.Fprintf(stdout, "%-6s %-12s %s\n", check.Status, check.Name, check.Message)
		if check.Status == doctor.Wrong {
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("doctor: %d of %d checks found something wrong", wrong, len(checks))
	}
	return nil
}

// inspect starts a worker, to find out what it can do. It needs no part of the sandbox,
// so that it can say what is missing.
func (c *doctorCmd) inspect(ctx context.Context) (doctor.Engine, error) {
	flags := c.WorkerFlags
	flags.Sandbox = ""
	able, walls, err := describeWorker(ctx, &flags, engine.Config{Formats: c.FormatSet()})
	if err != nil {
		return doctor.Engine{}, err
	}
	e := doctor.Engine{Capabilities: able, Workers: c.WorkerCount(), Memory: c.WorkerMemory()}
	for _, wall := range walls {
		e.Walls = append(e.Walls, doctor.Wall(wall))
	}
	return e, nil
}
