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
	if advice := faster(engine.Speed()); advice != "" {
		fmt.Fprintf(stdout, "%-14s %s\n", "slow", advice)
	}
	return nil
}

// faster says what would make libvips faster; nothing if it is as fast as can be.
// The figures are for photographs and PNGs made 300 and 1200 pixels wide.
func faster(s vips.Speed) string {
	switch {
	case !s.SIMD:
		return "libvips runs without SIMD, which takes a third more CPU for small results and three times as much for large ones: use one built with highway, and do not set VIPS_NOVECTOR"
	case s.Old:
		return fmt.Sprintf("libvips 8.%d takes 7%% (small JPEGs) to 54%% (PNGs) less CPU for a picture than 8.14: on Debian 12, make vips builds a newer one", vips.Fast)
	}
	return ""
}

func formatList(formats []variant.Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.String()
	}
	return strings.Join(names, " ")
}
