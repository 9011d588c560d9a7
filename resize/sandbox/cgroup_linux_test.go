package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/thumbery/thumbery/resize"
	"golang.org/x/sys/unix"
)

// grouped is the name by which the test's binary is a process that makes the pictures that
// it reads, one a line, and prints what became of each.
const grouped = "grouped"

func runGrouped() {
	if os.Getenv(withoutClone3) != "" {
		forbidClone3()
	}
	d := &deaths{ch: make(chan Death, 10)}
	p, err := New(Config{Worker: filepath.Join(filepath.Dir(os.Args[0]), "child"), Build: "test", Workers: 2, Memory: 64 << 20, Died: d.Died})
	if err != nil {
		panic(err)
	}
	p.Capabilities(context.Background())
	fmt.Println("missing", p.State().Missing())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		_, err := p.Resize(context.Background(), saying(lines.Text()), original, plan)
		var last Death
		if err != nil {
			last = <-d.ch
		}
		fmt.Println(errors.Is(err, resize.ErrTooMuchMemory), errors.Is(err, resize.ErrNoMemory), err, last.Cause, last.Detail)
	}
	p.Close()
}

// withoutClone3 is the environment variable with which runGrouped forbids clone3, as the
// system call filters of containers do.
const withoutClone3 = "WITHOUT_CLONE3"

func forbidClone3() {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_CLONE3, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, err := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program))); err != 0 {
		panic(err)
	}
}

// group is a cgroup of a test.
type group string

// newGroup makes a group that is delegated to its processes, if that can be done here.
func newGroup(t *testing.T) group {
	t.Helper()
	const root = "/sys/fs/cgroup"
	g := group(fmt.Sprintf("%s/thumbery-test-%d-%s", root, os.Getpid(), t.Name()))
	var fs unix.Statfs_t
	err := unix.Statfs(root, &fs)
	if err != nil || fs.Type != unix.CGROUP2_SUPER_MAGIC {
		t.Skipf("no cgroup v2 at %s: %v", root, err)
	}
	if err = os.WriteFile(root+"/cgroup.subtree_control", []byte("+memory +pids"), 0); err == nil {
		err = os.Mkdir(string(g), 0o755)
	}
	if err != nil {
		t.Skipf("no cgroup can be made: %v", err)
	}
	t.Cleanup(func() {
		for _, dir := range []string{g.path("thumbery"), string(g)} {
			if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
				t.Errorf("%s: %v", dir, err)
			}
		}
	})
	return g
}

func (g group) path(name string) string { return filepath.Join(string(g), name) }

func (g group) set(t *testing.T, name, value string) {
	t.Helper()
	if err := os.WriteFile(g.path(name), []byte(value), 0); err != nil {
		t.Fatal(err)
	}
}

func (g group) delegate(t *testing.T) {
	t.Helper()
	if err := unix.Setxattr(string(g), "user.delegate", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
}

// children lists the groups of child processes.
func (g group) children() []string {
	all, _ := filepath.Glob(g.path("thumbery-worker-*"))
	return all
}

// process is one of runGrouped in a group.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{grouped, "child"} {
		if err := os.Symlink(os.Args[0], filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	p := &process{Cmd: exec.Command(filepath.Join(bin, grouped))}
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p.Env, p.Stderr = append(os.Environ(), env...), os.Stderr
	p.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(f.Fd())}
	p.in, _ = p.StdinPipe()
	out, err := p.StdoutPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	t.Cleanup(func() {
		p.Process.Kill()
		p.Wait()
	})
	return p
}

// says is the next line.
func (p *process) says() string {
	p.out.Scan()
	return p.out.Text()
}

// make has it make a picture, and returns what became of that.
func (p *process) make(text string) string {
	fmt.Fprintln(p.in, text)
	return p.says()
}

// Memory without end costs the request, whether a child or the whole service has no more;
// threads have a bound; and in the end nothing is left.
func TestCgroup(t *testing.T) {
	g := newGroup(t)
	g.delegate(t)
	p := start(t, string(g))
	if said := p.says(); said != "missing []" {
		t.Fatal(said)
	}
	for text, want := range map[string]string{
		"fine":    "false false <nil>  ",
		"hoard":   "true false ",
		"threads": "true false ", // which need memory
	} {
		if got := p.make(text); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", text, got)
		} else {
			t.Log(text, got)
		}
	}
	refused := ""
	for _, child := range g.children() {
		events, _ := os.ReadFile(filepath.Join(child, "pids.events"))
		refused += string(events)
	}
	if !regexp.MustCompile(`max [1-9]`).MatchString(refused) {
		t.Errorf("threads have no bound: %q", refused)
	}
	g.set(t, "memory.max", "150M")
	if got := p.make("hoard"); !strings.HasPrefix(got, "false true ") || !strings.Contains(got, "the system, or the cgroup of the service") {
		t.Errorf("a small service: %s", got)
	}
	g.set(t, "memory.max", "max")
	if got := p.make("fine"); !strings.HasPrefix(got, "false false <nil>") {
		t.Error(got)
	}
	if n := len(g.children()); n < 3 || n > 6 {
		t.Errorf("%d groups for three children", n)
	}
	p.in.Close()
	if err := p.Wait(); err != nil || len(g.children()) > 0 {
		t.Errorf("%v, left are %v", err, g.children())
	}
}

// What a parent leaves that was killed, the next one removes.
func TestCgroupsOfTheKilled(t *testing.T) {
	g := newGroup(t)
	g.delegate(t)
	p := start(t, string(g))
	if said := p.says(); said != "missing []" {
		t.Fatal(said)
	}
	p.make("fine")
	left := g.children()
	p.Process.Kill()
	p.Wait()
	if len(left) == 0 || len(g.children()) != len(left) {
		t.Fatalf("%v, then %v", left, g.children())
	}
	next := start(t, g.path("thumbery")) // where a supervisor beside it would start it
	if said := next.says(); said != "missing []" {
		t.Fatal(said)
	}
	for _, path := range left {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	next.in.Close()
	if err := next.Wait(); err != nil || len(g.children()) > 0 {
		t.Errorf("%v, left are %v", err, g.children())
	}
}

// Where a container forbids clone3, children are moved into their groups.
func TestCgroupWithoutClone3(t *testing.T) {
	g := newGroup(t)
	g.delegate(t)
	p := start(t, string(g), withoutClone3+"=1")
	p.says()
	p.make("fine")
	inside := ""
	for _, path := range g.children() { // one of which may be empty, as its process is only starting
		procs, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		inside += string(procs)
	}
	if inside == "" {
		t.Errorf("no process is in one of %v", g.children())
	}
	if got := p.make("hoard"); !strings.HasPrefix(got, "true false ") {
		t.Error(got)
	}
	p.in.Close()
	p.Wait()
}

// A group that is not delegated is left alone, and children do without one.
func TestForeignCgroup(t *testing.T) {
	g := newGroup(t)
	p := start(t, string(g))
	if said := p.says(); !strings.Contains(said, "cgroup") || !strings.Contains(said, "Delegate=yes") {
		t.Error(said)
	}
	if got := p.make("fine"); !strings.HasPrefix(got, "false false <nil>") {
		t.Error(got)
	}
	if dirs, _ := filepath.Glob(g.path("thumbery*")); len(dirs) > 0 {
		t.Errorf("made %v", dirs)
	}
	p.in.Close()
	p.Wait()
}
