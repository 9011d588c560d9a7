package main

import (
	"context"
	"fmt"
	"os"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/fallback"
	"github.com/thumbery/thumbery/resize"
)

// fallbackToOrigin is the value of --fallback that is no file.
const fallbackToOrigin = "redirect"

// fallback reads the picture of --fallback, or returns nil.
func (c *serveCmd) fallback(r resize.Resizer, s resize.Settings) (api.Fallback, error) {
	if c.Fallback == "" || c.Fallback == fallbackToOrigin {
		return nil, nil
	}
	picture, err := os.ReadFile(c.Fallback)
	if err != nil {
		return nil, exit.Usage(fmt.Errorf("--fallback: %w; give redirect, or the file of a picture", err))
	}
	f, err := fallback.New(context.Background(), picture, r, s)
	if err != nil {
		return nil, exit.Usage(fmt.Errorf("--fallback %s: %w", c.Fallback, err))
	}
	return f, nil
}
