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

type versionCmd struct{}

// Run prints the versions.
func (versionCmd) Run(stdout io.Writer) error {
	engine, err := vips.New(vips.Options{})
	if err != nil {
		return err
	}
	v := engine.Versions()
	fmt.Fprintf(stdout, "thumbery %s\n", version)
	fmt.Fprintf(stdout, "go       %s\n", strings.TrimPrefix(runtime.Version(), "go"))
	fmt.Fprintf(stdout, "bimg     %s\n", v.Bimg)
	fmt.Fprintf(stdout, "libvips  %s\n", v.Libvips)
	fmt.Fprintf(stdout, "reads    %s\n", formatList(v.Readable))
	fmt.Fprintf(stdout, "writes   %s\n", formatList(v.Writable))
	return nil
}

func formatList(formats []variant.Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.String()
	}
	return strings.Join(names, " ")
}
