// Package program builds Thumbery for benchmarks, runs it and other programs, and measures
// their CPU time and memory.
package program

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// own is where make vips puts a current libvips.
const own = ".vips"

// Build builds thumbery and its worker into dir, as make build does: with the
// checkout's own libvips if it is there, in which case vips is where that is. tags are
// build tags. To be called at the repository's root.
func Build(dir string, tags ...string) (binary, vips string, err error) {
	if HasPkgConfig(own) && os.Getenv("VIPS") != "system" {
		if vips, err = filepath.Abs(own); err != nil {
			return "", "", err
		}
	}
	for name, cgo := range map[string]string{"thumbery": "0", "thumbery-worker": "1"} {
		cmd := exec.Command("go", "build", "-trimpath", "-tags", strings.Join(tags, ","), "-o", dir, "./cmd/"+name)
		cmd.Env = append(BuildEnv(vips), "CGO_ENABLED="+cgo)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return "", "", fmt.Errorf("build %s: %w", name, err)
		}
	}
	return filepath.Join(dir, "thumbery"), vips, nil
}

// HasPkgConfig reports that a libvips to be built with is installed at a prefix.
func HasPkgConfig(prefix string) bool {
	_, err := os.Stat(filepath.Join(prefix, "lib", "pkgconfig", "vips.pc"))
	return err == nil
}

// BuildEnv is the environment in which compilers take the libvips at a prefix;
// that of the system if it is empty.
func BuildEnv(vips string) []string {
	if vips == "" {
		return os.Environ()
	}
	env := append(os.Environ(), "PKG_CONFIG_PATH="+filepath.Join(vips, "lib", "pkgconfig")+":"+os.Getenv("PKG_CONFIG_PATH"))
	// Go's build cache does not see what pkg-config answers, but it sees this.
	if stamp, err := os.ReadFile(filepath.Join(vips, "stamp")); err == nil {
		env = append(env, "CGO_CFLAGS=-O2 -g -DTHUMBERY_LIBVIPS="+strings.TrimSpace(string(stamp)))
	}
	return env
}

// Program is a program that runs.
type Program struct {
	*pinned.Process
	log *pinned.Log
}

// Start starts a program with more in its environment, and waits until it listens
// at address: HOST:PORT, or the path of a Unix socket.
func Start(address string, env []string, binary string, args ...string) (*Program, error) {
	p := &Program{log: &pinned.Log{}}
	var err error
	if p.Process, err = pinned.Start(binary, args, append(os.Environ(), env...), p.log); err != nil {
		return nil, err
	}
	if err := p.await(address); err != nil {
		p.Terminate()
		return nil, fmt.Errorf("%s: %w: %.1000s", binary, err, p.log)
	}
	return p, nil
}

func (p *Program) await(address string) error {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	return p.Await(context.Background(), func(context.Context) error {
		c, err := net.Dial(network, address)
		if err != nil {
			return err
		}
		return c.Close()
	})
}
