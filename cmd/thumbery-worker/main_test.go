package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/resize/sandbox"
)

// program is the name by which the test's binary is the program.
const program = "thumbery-worker"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == program {
		main()
		return
	}
	os.Exit(m.Run())
}

// deaths are errors of a test.
type deaths struct{ t *testing.T }

func (d deaths) Died(_ context.Context, death sandbox.Death) { d.t.Errorf("a child died: %+v", death) }

// The engine behind the walls conforms as it does without.
func TestConformance(t *testing.T) {
	sample.Skip(t, "starts itself, behind the walls")
	t.Parallel()
	self := filepath.Join(t.TempDir(), program)
	if err := os.Symlink(os.Args[0], self); err != nil {
		t.Fatal(err)
	}
	p, err := sandbox.New(sandbox.Config{
		Worker: self, Build: version, Workers: 2, Memory: 1 << 30, Require: true, Died: deaths{t}.Died,
		Engine: engine.Config{Formats: header.AllFormats},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if _, err := p.Capabilities(t.Context()); err != nil {
		t.Fatal(err)
	}
	resizetest.Run(t, p)
}
