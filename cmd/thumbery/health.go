package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/internal/lifecycle"
)

// healthCmd asks a running server how it is. It takes the flags, and so the environment,
// of serve that say where.
type healthCmd struct {
	settings.AdminFlags
	Ready bool `env:"-" help:"Ask whether it can do its work and is not about to stop (/readyz), and not only whether it runs (/healthz)."`
}

// healthTimeout is shorter than what those who ask usually wait.
const healthTimeout = 3 * time.Second

// Validate is called by kong.
func (c *healthCmd) Validate() error {
	if c.Admin == "" {
		return errors.New("--admin: is empty: there is no admin listener to ask")
	}
	return c.AdminFlags.Validate()
}

// Run fails unless the server answers in time that all is well.
func (c *healthCmd) Run(stdout io.Writer) error {
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), healthTimeout, fmt.Errorf("no answer within %v", healthTimeout))
	defer cancel()
	if err := lifecycle.Probe(ctx, c.Admin, path, c.AdminToken); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "ok")
	return nil
}
