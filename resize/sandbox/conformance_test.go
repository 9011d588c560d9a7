package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/resize/sandbox/worker"
	"github.com/thumbery/thumbery/variant"
)

// goEngine is the name by which the test's binary is a child with an engine in Go.
const goEngine = "go-engine"

type fakeEngine struct{ resizetest.Fake }

// Capabilities implements worker.Engine.
func (e *fakeEngine) Capabilities() engine.Capabilities {
	return engine.Capabilities{Recipe: e.Recipe(), Reads: resize.ReadBy(e), Writes: header.FormatsOf(variant.JPEG, variant.PNG)}
}

func runGoEngine() {
	p := worker.Program{
		Build: "test",
		Start: func(engine.Config, int64) (worker.Engine, error) { return &fakeEngine{}, nil },
		Reads: func(engine.Config) []string { return nil },
	}
	if err := p.Serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// openGoEngine starts a Pool of children that run an engine in Go, behind their walls.
func openGoEngine(t *testing.T) (*Pool, *deaths) {
	t.Helper()
	self := filepath.Join(t.TempDir(), goEngine)
	if err := os.Symlink(os.Args[0], self); err != nil {
		t.Fatal(err)
	}
	return open(t, func(c *Config) { c.Worker = self })
}

func TestConformance(t *testing.T) {
	t.Parallel()
	p, d := openGoEngine(t)
	if _, err := p.Capabilities(t.Context()); err != nil {
		t.Fatal(err)
	}
	resizetest.Run(t, p)
	for _, death := range d.all {
		t.Errorf("%+v", death)
	}
}
