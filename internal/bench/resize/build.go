package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed c/bare.c
var bareSource []byte

// own is where make vips puts a current libvips.
const own = ".vips"

// build builds the program, with the checkout's own libvips if it is there, as
// make build does.
func (b *bench) build() error {
	if b.binary == "" {
		b.binary = filepath.Join(b.temp, "thumbery")
		if hasPkgConfig(own) && os.Getenv("VIPS") != "system" {
			b.vipsDir = mustAbs(own)
		}
		cmd := exec.Command("go", "build", "-trimpath", "-o", b.binary, "./cmd/thumbery")
		cmd.Env = b.buildEnv()
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		return cmd.Run()
	}
	path, err := b.loaded()
	if err != nil {
		return err
	}
	// A libvips outside of the system's directories has its pkg-config beside it.
	if prefix := filepath.Dir(filepath.Dir(path)); hasPkgConfig(prefix) {
		b.vipsDir = prefix
	}
	return nil
}

func mustAbs(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path // as good, from here
	}
	return abs
}

func hasPkgConfig(prefix string) bool {
	_, err := os.Stat(filepath.Join(prefix, "lib", "pkgconfig", "vips.pc"))
	return err == nil
}

// loaded is the path of the libvips that the binary loads.
func (b *bench) loaded() (string, error) {
	out, err := exec.Command("ldd", b.binary).Output()
	if err != nil {
		return "", fmt.Errorf("ldd %s: %w", b.binary, err)
	}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 2 && strings.HasPrefix(fields[0], "libvips.so") {
			return filepath.EvalSymlinks(fields[2])
		}
	}
	return "", fmt.Errorf("%s loads no libvips", b.binary)
}

// buildEnv makes compilers take the same libvips as the program.
func (b *bench) buildEnv() []string {
	if b.vipsDir == "" {
		return os.Environ()
	}
	env := append(os.Environ(),
		"PKG_CONFIG_PATH="+filepath.Join(b.vipsDir, "lib", "pkgconfig")+":"+os.Getenv("PKG_CONFIG_PATH"))
	// Go's build cache does not see what pkg-config answers, but it sees this.
	if stamp, err := os.ReadFile(filepath.Join(b.vipsDir, "stamp")); err == nil {
		env = append(env, "CGO_CFLAGS=-O2 -g -DTHUMBERY_LIBVIPS="+strings.TrimSpace(string(stamp)))
	}
	return env
}

func (b *bench) compileBare() error {
	source := filepath.Join(b.temp, "bare.c")
	if err := os.WriteFile(source, bareSource, 0o644); err != nil {
		return err
	}
	b.bare = filepath.Join(b.temp, "bare")
	pkg := exec.Command("pkg-config", "--cflags", "--libs", "vips")
	pkg.Env = b.buildEnv()
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
