package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
)

// version is set by the linker.
var version = "devel"

type versionCmd struct{ settings.FormatFlags }

// Run prints the versions, the formats that can be read and written, those that this build of
// libvips has besides, and what makes it slow, if anything does.
func (c *versionCmd) Run(stdout io.Writer) error {
	able, _, err := describeWorker(context.Background(), &settings.WorkerFlags{}, engine.Config{Formats: c.FormatSet()})
	if err != nil {
		return err
	}
	for _, line := range []struct{ name, value string }{
		{"thumbery", version},
		{"go", strings.TrimPrefix(runtime.Version(), "go")},
		{"bimg", able.Bimg},
		{"libvips", able.Libvips + " " + able.Speed.String()},
		{"reads", formatList(able.Reads)},
		{"writes", formatList(able.Writes)},
		{"libvips reads", formatList(able.LibraryReads)},
		{"libvips writes", formatList(able.LibraryWrites)},
	} {
		fmt.Fprintf(stdout, "%-14s %s\n", line.name, line.value)
	}
	if advice := able.Speed.Advice(); advice != "" {
		fmt.Fprintf(stdout, "%-14s %s\n", "slow", advice)
	}
	return nil
}

func formatList(formats header.Formats) string {
	return strings.ReplaceAll(formats.String(), ",", " ")
}
