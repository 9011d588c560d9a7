package main

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/binaries"
	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/internal/testkit/sources"
)

// purgeMost is the most memory of a purge in KiB. It takes 23 MiB, two thirds of them pages
// of the program's file; 31 MiB where the kernel has that file in large folios. With libvips
// it took 57.
const purgeMost = 40 << 10

// What is shipped links nothing, libvips above all, and a purge runs in little memory
// beside a server.
func TestShipped(t *testing.T) {
	sample.Skip(t, "builds the program")
	t.Parallel()
	sources.Open(t, "../..")
	dir := t.TempDir()
	binary, err := binaries.Shipped.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if linked, err := f.ImportedLibraries(); err != nil || len(linked) > 0 {
		t.Errorf("it links %v, %v", linked, err)
	}
	for _, tier := range []string{"originals", "derivatives"} {
		if err := os.MkdirAll(filepath.Join(dir, "cache", tier), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary, "purge", "--cache", filepath.Join(dir, "cache"), "--max-files", "1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	most, running := 0, true
	for running {
		most = max(most, mostResident(cmd.Process.Pid)) // 0 while the program is started
		select {
		case err := <-ended:
			if running = false; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
	if most < 1<<10 || most > purgeMost {
		t.Errorf("a purge took %d KiB of memory, more than %d", most, purgeMost)
	}
}

// mostResident is the most memory that a process had so far, in KiB; 0 if it has ended.
// The rusage of a child process of ours would have our memory in it.
func mostResident(pid int) (kib int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(rest, &kib)
	return kib
}
