// Package debian_test tests the Debian package.
package debian_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sources"
)

// cannotTry is the exit status of try.sh where it cannot be done.
const cannotTry = 77

// TestPackage builds the package, installs it on a copy of this system, has it serve a picture,
// upgrades, removes and purges it: try.sh says what it looks at.
func TestPackage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a package")
	}
	if _, err := exec.LookPath("dpkg-shlibdeps"); err != nil {
		t.Skip("no Debian: ", err)
	}
	sources.Open(t, "../..")
	dir := t.TempDir()
	run(t, "./build.sh", "v1.2.3-4-gabc", dir)
	found, err := filepath.Glob(filepath.Join(dir, "thumbery_1.2.3+4.gabc_*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the packages are %v, %v", found, err)
	}
	if _, err := exec.LookPath("lintian"); err == nil {
		run(t, "lintian", "--fail-on", "error", found[0])
	}
	run(t, "./try.sh", found[0])
}

// TestVersion checks that dpkg has the versions in the order of the commits.
func TestVersion(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("no Debian: ", err)
	}
	last := "0"
	for _, v := range []struct{ git, want string }{
		{"v0.9.0", "0.9.0"},
		{"v0.9.0-4-gabc-dirty", "0.9.0+4.gabc.dirty"},
		{"v1.0.0-alpha", "1.0.0~alpha"},
		{"v1.0.0-rc1", "1.0.0~rc1"},
		{"v1.0.0-rc1-2-gabc", "1.0.0~rc1+2.gabc"},
		{"v1.0.0", "1.0.0"},
		{"v1.0.0-3-gabc", "1.0.0+3.gabc"},
		{"v1.0.1", "1.0.1"},
	} {
		if got := strings.TrimSpace(run(t, "./build.sh", v.git)); got != v.want {
			t.Errorf("%s is %s, not %s", v.git, got, v.want)
		}
		run(t, "dpkg", "--compare-versions", last, "lt", v.want)
		last = v.want
	}
}

// run returns what a command prints, and fails with it.
func run(t *testing.T, command string, args ...string) string {
	t.Helper()
	cmd := exec.Command(command, args...)
	// A package is for everybody with this release, and so has its libvips.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PKG_CONFIG_PATH=") || strings.HasPrefix(v, "CGO_CFLAGS=")
	})
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == cannotTry {
		t.Skipf("%s", bytes.TrimSpace(out))
	}
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", command, args, err, out)
	}
	return string(out)
}
