package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/origins"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/doctor"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
)

// doctorCmd takes the flags, and so the environment, of serve that name what is
// outside of the process.
type doctorCmd struct {
	formatFlags
	workerFlags

	Cache  string          `default:"thumbery-cache" help:"Directory of the disk cache."`
	Source []values.Source `default:"${default_source}" sep:" " help:"Backends of the originals, as for serve."`
}

// Validate is called by kong.
func (c *doctorCmd) Validate() error { return c.workerFlags.validate() }

// Run prints a line for each check, and fails if something is wrong.
func (c *doctorCmd) Run(stdout io.Writer) error {
	if len(c.Source) == 0 {
		return errNoSource
	}
	config := doctor.Config{
		Engine: c.inspect, Formats: c.set(), Required: c.requiresSandbox(), Cache: c.Cache, Sources: values.Sources(c.Source),
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
	flags := c.workerFlags
	flags.Sandbox = ""
	able, walls, err := flags.describe(ctx, engine.Config{Formats: c.set()})
	if err != nil {
		return doctor.Engine{}, err
	}
	e := doctor.Engine{Capabilities: able, Workers: c.workers(), Memory: c.share()}
	for _, wall := range walls {
		e.Walls = append(e.Walls, doctor.Wall(wall))
	}
	return e, nil
}
