// Command thumbery-worker makes pictures for thumbery, which starts a few of these processes and
// sends them pictures. It is a program of its own so that libvips, and what strangers' pictures
// do to it, stay out of the process that serves.
package main

import (
	"fmt"
	"os"

	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/sandbox/worker"
	"github.com/thumbery/thumbery/resize/vips"
)

// version is set by the linker.
var version = "devel"

// Exit codes: 1 failed, which thumbery says in its log, 2 started by somebody else.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	if len(os.Args) > 1 || !worker.HasParent() {
		fmt.Fprintf(os.Stderr, "thumbery-worker %s makes pictures for thumbery, which starts it: there is nothing to do here by hand.\n", version)
		os.Exit(exitUsage)
	}
	p := worker.Program{Build: version, Start: start, Reads: reads}
	if err := p.Serve(); err != nil {
		fmt.Fprintln(os.Stderr, "thumbery-worker:", err)
		os.Exit(exitFailed)
	}
}

func start(c engine.Config, memory int64) (worker.Engine, error) {
	explainCrashes(memory)
	return vips.New(c)
}
