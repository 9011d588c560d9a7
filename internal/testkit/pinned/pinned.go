// Package pinned builds other people's servers at the version that a module file in tools
// pins, and runs them as child processes that do not outlive this one. Tests and benchmarks
// use it.
package pinned

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tool is a server whose source is in a module.
type Tool struct {
	Name    string // of the binary, and of tools/NAME.mod
	Module  string // that tools/NAME.mod requires
	Package string // the main package, in that module
}

func (tool Tool) modFile() string { return "tools/" + tool.Name + ".mod" } // below the repository's root

// Binary returns the path of the server. If the user's cache directory does not have it, it
// is built, which takes minutes for large ones; packages that are tested at the same time
// wait for one build, whose output goes to progress. Cancelling ctx ends the build.
func (tool Tool) Binary(ctx context.Context, progress io.Writer) (string, error) {
	root, err := tool.repositoryRoot()
	if err != nil {
		return "", err
	}
	version, err := tool.version(filepath.Join(root, tool.modFile()))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(cache, "thumbery", tool.Name+"-"+version, tool.Name)
	if isExecutable(binary) {
		return binary, nil
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return "", err
	}
	unlock, err := Lock(filepath.Join(filepath.Dir(binary), "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if isExecutable(binary) { // somebody else built it while we waited
		return binary, nil
	}
	return binary, tool.build(ctx, root, binary, progress)
}

// build compiles to another name and renames, so that a killed build leaves nothing that
// looks like a server.
func (tool Tool) build(ctx context.Context, root, binary string, progress io.Writer) error {
	fmt.Fprintf(progress, "building %s for the tests, once: %s\n", tool.Name, binary)
	unfinished := binary + ".unfinished"
	cmd := exec.CommandContext(
		ctx, "go", "build", "-modfile="+tool.modFile(), "-mod=readonly", "-buildvcs=false",
		"-trimpath", "-ldflags", "-s -w", "-o", unfinished, tool.Package,
	)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = progress, progress
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", tool.Package, err)
	}
	return os.Rename(unfinished, binary)
}

// repositoryRoot looks for the module file in the working directory and above: tests run in
// their package's directory.
func (tool Tool) repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, tool.modFile())); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no %s above the working directory", tool.modFile())
		}
		dir = parent
	}
}

// version finds "MODULE v…" in a go.mod.
func (tool Tool) version(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "require "))
		if len(fields) >= 2 && fields[0] == tool.Module {
			return fields[1], nil
		}
	}
	return "", errors.New(path + " does not require " + tool.Module)
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
