// Package quiet discards the lines about OTEL_* that OpenTelemetry logs, in its own format,
// before main begins. Package tracing checks these variables, and says what is wrong.
package quiet

import (
	"io"
	"log"
	"os"
)

// Of the packages that are ready, Go initializes the one with the first import path: this one
// needs little, and github.com is before go.opentelemetry.io.
func init() { log.SetOutput(io.Discard) }

// End is for the init function of a package that imports OpenTelemetry.
func End() { log.SetOutput(os.Stderr) }
