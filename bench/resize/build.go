package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
)

//go:embed c/bare.c
var bareSource []byte

// build builds the program, with the checkout's own libvips if it is there, as
// make build does.
func (b *bench) build() (err error) {
	if b.binary == "" {
		b.binary, b.vipsDir, err = program.Build(b.temp)
		return err
	}
	path, err := b.loaded()
	if err != nil {
		return err
	}
	// A libvips outside of the system's directories has its pkg-config beside it.
	if prefix := filepath.Dir(filepath.Dir(path)); program.HasPkgConfig(prefix) {
		b.vipsDir = prefix
	}
	return nil
}

// loaded is the path of the libvips that the binary's worker loads.
func (b *bench) loaded() (string, error) {
	worker := filepath.Join(filepath.Dir(b.binary), "thumbery-worker")
	out, err := exec.Command("ldd", worker).Output()
	if err != nil {
		return "", fmt.Errorf("ldd %s: %w", worker, err)
	}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 2 && strings.HasPrefix(fields[0], "libvips.so") {
			return filepath.EvalSymlinks(fields[2])
		}
	}
	return "", fmt.Errorf("%s loads no libvips", worker)
}

func (b *bench) compileBare() error {
	source := filepath.Join(b.temp, "bare.c")
	if err := os.WriteFile(source, bareSource, 0o644); err != nil {
		return err
	}
	b.bare = filepath.Join(b.temp, "bare")
	pkg := exec.Command("pkg-config", "--cflags", "--libs", "vips")
	pkg.Env = program.BuildEnv(b.vipsDir)
	flags, err := pkg.Output()
	if err != nil {
		return fmt.Errorf("pkg-config vips: %w", err)
	}
	args := []string{"-O2", "-pthread", "-o", b.bare, source}
	if b.vipsDir != "" {
		args = append(args, "-Wl,-rpath,"+filepath.Join(b.vipsDir, "lib"))
	}
	out, err := exec.Command("cc", append(args, strings.Fields(string(flags))...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cc: %w: %s", err, out)
	}
	return nil
}

func (b *bench) libvips() string {
	path, err := b.loaded()
	if err != nil {
		return err.Error()
	}
	return path
}
