package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/internal/lifecycle"
)

// healthCmd asks a running server how it is.
type healthCmd struct {
	settings.ClientFlags
	Ready bool `env:"-" help:"Ask whether it can do its work and is not about to stop (/readyz), and not only whether it runs (/healthz)."`
}

// healthTimeout is shorter than what those who ask usually wait.
const healthTimeout = 3 * time.Second

// Run fails unless the server answers in time that all is well.
func (c *healthCmd) Run(stdout io.Writer) error {
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), healthTimeout, fmt.Errorf("no answer within %v", healthTimeout))
	defer cancel()
	if _, err := lifecycle.Get(ctx, c.Admin, path, c.AdminToken, nil); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "ok")
	return nil
}
