package serve

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// startInto starts the program with standard output and error in a pipe.
func startInto(t *testing.T, pipe *os.File, stdin string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(e2e.Binary, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), pipe, pipe
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	_ = pipe.Close()
	return cmd
}

func pipe(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return reader, writer
}

// A server keeps serving when the reader of its log exits.
func TestServeOutlivesLogReader(t *testing.T) {
	t.Parallel()
	reader, writer := pipe(t)
	cmd := startInto(t, writer, "", "serve", "--listen", "127.0.0.1:0", "--admin", "", "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	var url string
	listening := regexp.MustCompile(`msg=listening address=(\S+)`)
	for lines := bufio.NewScanner(reader); url == "" && lines.Scan(); {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			url = "http://" + m[1]
		}
	}
	_ = reader.Close()
	for range 3 { // each writes a line
		e2e.WantPicture(t, e2e.Get(t, url+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")
		if r := e2e.Get(t, url+"/300x200/missing.jpg"); r.Status != http.StatusNotFound {
			t.Errorf("status %d, want 404", r.Status)
		}
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// prime does its work when nobody reads its output; a short command still ends by SIGPIPE.
func TestCommandsWithoutReaders(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	reader, writer := pipe(t)
	_ = reader.Close()
	cmd := startInto(t, writer, "missing.jpg\nphotos/cat.jpg\n", "prime", "--ops", "300x200", "--parallel", "1", "--source", "/=file:"+e2e.Testdata(t), "--cache", cache)
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() < 0 {
		t.Errorf("prime ended with %v", err)
	}
	if kept := e2e.Files(t, filepath.Join(cache, "derivatives")); len(kept) != 1 {
		t.Errorf("prime made %d derivatives, want 1", len(kept))
	}
	reader, writer = pipe(t)
	_ = reader.Close()
	cmd = startInto(t, writer, "", "version")
	_ = cmd.Wait()
	if status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		t.Errorf("version ended with %v, want SIGPIPE", cmd.ProcessState)
	}
}
