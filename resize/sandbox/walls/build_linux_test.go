package walls_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/testkit/escape"
	"github.com/thumbery/thumbery/resize/sandbox/walls"
)

// behind is the environment variable that makes the test binary a process behind walls,
// and says which attempt it is to make there.
const behind = "WALLS_TEST_ATTEMPT"

// places is the environment variable that has the place of the attempt, as JSON.
const places = "WALLS_TEST_PLACE"

// The limits of the process behind the walls.
const (
	fileMax     = 1 << 20
	descriptors = 32
	share       = 4 << 30
)

// The descriptors of the process behind the walls.
const (
	socket = 3
	file   = 4 // of the test, to write to
)

func TestMain(m *testing.M) {
	if name := os.Getenv(behind); name != "" {
		os.Exit(attempt(name))
	}
	os.Exit(m.Run())
}

// attempt builds the walls and makes one attempt: 0 is that it succeeded, 3 that it was
// denied, which it says.
func attempt(name string) int {
	var p escape.Place
	if err := json.Unmarshal([]byte(os.Getenv(places)), &p); err != nil {
		fmt.Println(err)
		return 1
	}
	// Threads that exist when the walls are built, and one that is made later.
	early := onThread()
	for _, w := range walls.Build(walls.Limits{
		Memory: share, CPU: time.Minute, File: fileMax, Descriptors: descriptors, Socket: socket, Read: []string{p.Read, filepath.Join(p.Read, "missing")},
	}) {
		if w.Missing != "" {
			fmt.Printf("no %s: %s\n", w.Name, w.Missing)
			return 1
		}
	}
	if name == "wait" {
		return wait()
	}
	return report(escape.Attempts[name], p, early, onThread())
}

// wait says to the test that the walls are up, and waits for it to look at them.
func wait() int {
	if err := unix.Sendmsg(socket, []byte("ready"), nil, nil, 0); err != nil {
		fmt.Println(err)
		return 1
	}
	if _, err := unix.Read(socket, make([]byte, 1)); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// report makes an attempt on this thread and on others, which must all come to the same.
func report(try func(escape.Place) error, p escape.Place, others ...func(func())) int {
	err := try(p)
	for _, other := range others {
		var again error
		other(func() { again = try(p) })
		if fmt.Sprint(again) != fmt.Sprint(err) {
			fmt.Printf("one thread: %v; another: %v\n", err, again)
			return 1
		}
	}
	if err != nil {
		fmt.Println(err)
		return 3
	}
	return 0
}

// onThread starts a thread, and returns a function that runs another there.
func onThread() func(func()) {
	work, done := make(chan func()), make(chan bool)
	go func() {
		runtime.LockOSThread()
		done <- true
		for f := range work {
			f()
			done <- true
		}
	}()
	<-done
	return func(f func()) {
		work <- f
		<-done
	}
}

// command is a process that makes an attempt, and the other end of its socket.
func command(t *testing.T, name string) (cmd *exec.Cmd, mine *os.File) {
	t.Helper()
	p := escape.Place{Read: t.TempDir(), Secret: t.TempDir(), Socket: socket, File: file, Share: share, Size: fileMax}
	for _, dir := range []string{p.Read, p.Secret} {
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	place, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := os.NewFile(uintptr(pair[0]), "mine"), os.NewFile(uintptr(pair[1]), "theirs")
	written, err := os.Create(filepath.Join(t.TempDir(), "written"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mine.Close(); theirs.Close(); written.Close() })
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), behind+"="+name, places+"="+string(place))
	cmd.ExtraFiles = []*os.File{theirs, written}
	return cmd, mine
}

// run makes an attempt in a process of its own.
func run(t *testing.T, name string) (out string, code int) {
	t.Helper()
	cmd, _ := command(t, name)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text)), cmd.ProcessState.ExitCode()
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nothing", "read allowed", "list allowed", "threads", "message", "memory", "write little"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, code := run(t, name); code != 0 {
				t.Errorf("exit code %d: %s", code, out)
			}
		})
	}
}

func TestDenied(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"read another": "permission denied", "list another": "permission denied", "read /etc/passwd": "permission denied", "write allowed": "operation not permitted",
		"make a file": "operation not permitted", "truncate allowed": "operation not permitted", "open to write": "operation not permitted",
		"change flags": "operation not permitted", "open /proc/self/fd": "permission denied", "read the parent's memory": "permission denied",
		"socket": "operation not permitted", "socket pair": "operation not permitted", "exec": "operation not permitted", "fork": "operation not permitted",
		"new namespace": "operation not permitted", "clone3": "function not implemented", "memfd": "operation not permitted", "ptrace": "operation not permitted",
		"kill the parent": "operation not permitted", "signal the parent's thread": "operation not permitted", "process_vm_readv": "operation not permitted",
		"pidfd": "operation not permitted", "raise a limit": "operation not permitted", "duplicate": "operation not permitted", "io_uring": "operation not permitted",
		"message elsewhere": "operation not permitted", "too much memory": "cannot allocate memory", "too many descriptors": "too many open files",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, code := run(t, name); code != 3 || !strings.Contains(out, want) {
				t.Errorf("exit code %d: %q, want %q", code, out, want)
			}
		})
	}
}

// The kernel kills who writes too far: Go dies of SIGXFSZ.
func TestFileSize(t *testing.T) {
	t.Parallel()
	if out, code := run(t, "write much"); code == 0 || !strings.Contains(out, "SIGXFSZ") && !strings.Contains(out, "file too large") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// Every thread of the process is behind the walls, and its limits are set.
func TestThreads(t *testing.T) {
	t.Parallel()
	cmd, socket := command(t, "wait")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := socket.Write([]byte("go on")); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := socket.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	err := escape.Walled(
		cmd.Process.Pid, 3, "Max core file size        0                    0 ", "Max file size             1048576              1048576 ",
		"Max open files            32                   32 ", "Max cpu time              60                   60 ",
	)
	if err != nil {
		t.Error(err)
	}
}
