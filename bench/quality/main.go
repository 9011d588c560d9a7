// Command quality measures how near resized photographs come to a reference: all pixels
// decoded, converted to linear light, resized with Lanczos by ImageMagick, and converted
// back to sRGB. The metrics are butteraugli (libjxl's; the maximum and the 3-norm, 0 is
// equal, below 1 is invisible) and SSIM.
//
//	go -C bench run ./quality [-photos 6] [table …]
//
// The tables are those of docs/benchmarks.md: engines, scaling, sharpening, encoded (both
// at equal bytes), progressive, subsampling, formats, avif, jxl and mezzanines (with -widths
// 320,480,640,800,1000). The default is engines. Results stay in .tools/bench/quality, and
// references are reused.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	var b bench
	flag.IntVar(&b.photos, "photos", 0, "measure with the first so many photographs only; 0 is all")
	flag.StringVar(&b.dir, "dir", ".tools/bench/quality", "where to keep what is made")
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	widths := flag.String("widths", "300,1200", "the widths to resize to")
	flag.Parse()
	program.Main("quality", func(pinned.T) error { return b.run(*widths, flag.Args()) })
}

// bench is one run.
type bench struct {
	photos int
	dir    string
	binary string
	widths []int

	helper   string // c/pixels.c, compiled
	pictures []picture
}

// tables are what can be measured.
func (b *bench) tables() map[string]func() error {
	return map[string]func() error{
		"engines": b.engines, "encoded": b.encoded, "scaling": b.scaling, "sharpening": b.sharpening,
		"progressive": b.progressive, "subsampling": b.subsampling, "formats": b.formats, "avif": b.avif, "jxl": b.jxl,
		"mezzanines": b.mezzanines,
	}
}

func (b *bench) run(widths string, names []string) error {
	if err := ownVips(); err != nil {
		return err
	}
	for _, tool := range []string{"convert", "butteraugli_main", "cc", "pkg-config"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Println("quality: skipped, there is no " + tool +
				"; install them with: apt-get install imagemagick libjxl-devtools gcc pkg-config libvips-dev")
			return nil
		}
	}
	for _, w := range strings.Split(widths, ",") {
		width, err := strconv.Atoi(w)
		if err != nil {
			return err
		}
		b.widths = append(b.widths, width)
	}
	if err := b.prepare(); err != nil {
		return err
	}
	if len(names) == 0 {
		names = []string{"engines"}
	}
	for _, name := range names {
		table, ok := b.tables()[name]
		if !ok {
			return fmt.Errorf("there is no table %q", name)
		}
		if err := table(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// ownVips has everything that is started use the checkout's own libvips, if make
// vips has put one there.
func ownVips() error {
	prefix, err := filepath.Abs(".vips")
	if err != nil {
		return err
	}
	stamp, err := os.ReadFile(filepath.Join(prefix, "stamp"))
	if err != nil || os.Getenv("VIPS") == "system" {
		return nil // there is none, or it is not wanted
	}
	for name, value := range map[string]string{
		"PKG_CONFIG_PATH": filepath.Join(prefix, "lib", "pkgconfig") + ":" + os.Getenv("PKG_CONFIG_PATH"),
		"CGO_CFLAGS":      "-O2 -g -DTHUMBERY_LIBVIPS=" + strings.TrimSpace(string(stamp)),
		"LD_LIBRARY_PATH": filepath.Join(prefix, "lib"), // .vips/bin needs it
		"PATH":            filepath.Join(prefix, "bin") + ":" + os.Getenv("PATH"),
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
