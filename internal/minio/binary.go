package minio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	serverPackage = "github.com/minio/minio"
	modFile       = "tools/minio.mod" // below the repository's root
)

// Binary returns the path of the MinIO server that tools/minio.mod pins. Where
// the user's cache directory does not have it yet it is built, which takes
// minutes; packages tested at the same time wait for one build. What the build
// says goes to progress. Cancelling ctx ends the build.
func Binary(ctx context.Context, progress io.Writer) (string, error) {
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	version, err := pinnedVersion(filepath.Join(root, modFile))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(cache, "thumbery", "minio-"+version, "minio")
	if isExecutable(binary) {
		return binary, nil
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(filepath.Dir(binary), "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if isExecutable(binary) { // somebody else built it while we waited
		return binary, nil
	}
	return binary, build(ctx, root, binary, progress)
}

// build compiles to a name beside binary and renames, so that a build that was
// killed leaves nothing that looks like a server.
func build(ctx context.Context, root, binary string, progress io.Writer) error {
	fmt.Fprintf(progress, "building the MinIO server for the tests, once: %s\n", binary)
	unfinished := binary + ".unfinished"
	cmd := exec.CommandContext(
		ctx, "go", "build", "-modfile="+modFile, "-mod=readonly", "-buildvcs=false",
		"-trimpath", "-ldflags", "-s -w", "-o", unfinished, serverPackage,
	)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = progress, progress
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", serverPackage, err)
	}
	return os.Rename(unfinished, binary)
}

// repositoryRoot looks for the module file from the working directory upwards:
// tests run in their package's directory.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, modFile)); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no %s above the working directory", modFile)
		}
		dir = parent
	}
}

// pinnedVersion finds "github.com/minio/minio v…" in a go.mod.
func pinnedVersion(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == serverPackage {
			return fields[1], nil
		}
	}
	return "", errors.New(path + " does not require " + serverPackage)
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// lock takes an advisory lock between processes. The kernel lets go of it when
// its holder dies, however that happens.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}
