package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

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

	Cache  string       `default:"thumbery-cache" help:"Directory of the disk cache."`
	Source []sourceFlag `default:"${default_source}" sep:" " help:"Backends of the originals, as for serve."`
}

// Validate is called by kong.
func (c *doctorCmd) Validate() error { return c.workerFlags.validate() }

// Run prints a line for each check, and fails if something is wrong.
func (c *doctorCmd) Run(stdout io.Writer) error {
	if len(c.Source) == 0 {
		return errNoSource
	}
	config := doctor.Config{
		Engine: c.inspectEngine, Formats: c.set(), Cache: c.Cache,
		Open: func(u *url.URL) (storage.Backend, error) { return openBackend(u, s3.Options{}) },
	}
	for _, s := range c.Source {
		config.Sources = append(config.Sources, s.Source)
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

func (c *doctorCmd) inspectEngine(ctx context.Context) (engine.Capabilities, error) {
	return c.inspect(ctx, engine.Config{Formats: c.set()})
}
