package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/variant"
)

// version is set by the linker.
var version = "devel"

type versionCmd struct{ formatFlags }

// Run prints the versions, which formats can be resized and asked for, and which
// this build of libvips would know besides; and what makes it slow, if something
// does.
func (c *versionCmd) Run(stdout io.Writer) error {
	engine, err := vips.New(vips.Config{Formats: c.set()})
	if err != nil {
		return err
	}
	v := engine.Versions()
	for _, line := range []struct{ name, value string }{
		{"thumbery", version},
		{"go", strings.TrimPrefix(runtime.Version(), "go")},
		{"bimg", v.Bimg},
		{"libvips", v.Libvips + " " + engine.Speed().String()},
		{"reads", formatList(v.Readable)},
		{"writes", formatList(v.Writable)},
		{"libvips reads", formatList(v.LibraryReads)},
		{"libvips writes", formatList(v.LibraryWrites)},
	} {
		fmt.Fprintf(stdout, "%-14s %s\n", line.name, line.value)
	}
	if advice := engine.Speed().Advice(); advice != "" {
		fmt.Fprintf(stdout, "%-14s %s\n", "slow", advice)
	}
	return nil
}

func formatList(formats []variant.Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.String()
	}
	return strings.Join(names, " ")
}
