package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips"
)

// version is set by the linker.
var version = "devel"

type versionCmd struct{ formatFlags }

// Run prints the versions, which formats can be resized and asked for, and which
// this build of libvips would know besides; and what makes it slow, if something
// does.
func (c *versionCmd) Run(stdout io.Writer) error {
	libvips, err := vips.New(engine.Config{Formats: c.set()})
	if err != nil {
		return err
	}
	can := libvips.Capabilities()
	for _, line := range []struct{ name, value string }{
		{"thumbery", version},
		{"go", strings.TrimPrefix(runtime.Version(), "go")},
		{"bimg", can.Bimg},
		{"libvips", can.Libvips + " " + can.Speed.String()},
		{"reads", formatList(can.Reads)},
		{"writes", formatList(can.Writes)},
		{"libvips reads", formatList(can.LibraryReads)},
		{"libvips writes", formatList(can.LibraryWrites)},
	} {
		fmt.Fprintf(stdout, "%-14s %s\n", line.name, line.value)
	}
	if advice := can.Speed.Advice(); advice != "" {
		fmt.Fprintf(stdout, "%-14s %s\n", "slow", advice)
	}
	return nil
}

// formatList lists the names of formats, with spaces between them.
func formatList(formats header.Formats) string {
	return strings.ReplaceAll(formats.String(), ",", " ")
}
