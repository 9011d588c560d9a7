package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	root = "/sys/fs/cgroup"
	// own is the name of the group that this process moves itself to, since one that lends
	// memory to others may have no processes.
	own = "thumbery"
	// prefix is that of the names of groups; the number of this process follows.
	prefix = "thumbery-worker-"
	// room is how many bytes a group may have besides those for a picture: of the program, of
	// its libraries, and of files that the kernel caches.
	room = 128 << 20
)

// Groups are the groups of the children of this process. They are used again and again: what
// the kernel keeps of a removed one may stay for long.
type Groups struct {
	dir    string // of the groups
	memory int64

	mu   sync.Mutex
	free []*Group
}

// Group is a group for one process at a time.
type Group struct {
	of   *Groups
	path string
	fd   int
	// What had happened in it before the process was started.
	oom, kills int64
}

// Open finds out where this process may make groups, for pictures of so many bytes of memory
// (0 is any number), and removes those of processes that have died. The error says what is
// missing. It may move this process to another group.
func Open(memory int64) (*Groups, error) {
	dir, err := delegated()
	if err == nil {
		err = lend(dir)
	}
	if err != nil {
		return nil, err
	}
	removeOrphans(dir)
	s := &Groups{dir: dir, memory: memory}
	first, err := s.create() // so that what cannot be made is known now
	if err != nil {
		return nil, err
	}
	s.free = append(s.free, first)
	return s, nil
}

// delegated returns the directory in which this process may make groups: that of its own
// group, if nobody else manages it.
func delegated() (string, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(root, &fs); err != nil || fs.Type != unix.CGROUP2_SUPER_MAGIC {
		return "", errors.New("there is no cgroup v2 at " + root)
	}
	data, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	_, name, found := strings.Cut("\n"+string(data), "\n0::")
	name, _, _ = strings.Cut(name, "\n")
	if !found {
		return "", errors.New("this process is in no group")
	}
	if filepath.Base(name) == own {
		name = filepath.Dir(name)
	}
	dir := filepath.Join(root, name)
	if name != "/" && !isDelegated(dir) { // "/" is that of a container, or of a system without a manager
		return "", errors.New("the cgroup of this process is managed by others; a systemd unit needs Delegate=yes")
	}
	return dir, nil
}

// isDelegated reports that the manager of a group leaves it to its processes. systemd says
// so in an attribute, since version 251 to all users, and gives it to the user of the unit.
func isDelegated(dir string) bool {
	for _, attribute := range []string{"user.delegate", "trusted.delegate"} {
		value := make([]byte, 1)
		if n, err := unix.Getxattr(dir, attribute, value); err == nil && string(value[:n]) == "1" {
			return true
		}
	}
	var s unix.Stat_t
	uid := os.Geteuid()
	return uid != 0 && unix.Stat(dir, &s) == nil && int(s.Uid) == uid
}

// lend makes limits of memory and of threads available to groups in dir.
func lend(dir string) error {
	const controllers = "+memory +pids"
	err := write(dir, "cgroup.subtree_control", controllers)
	if errors.Is(err, unix.EBUSY) { // it has processes
		if err = move(dir, filepath.Join(dir, own)); err == nil {
			err = write(dir, "cgroup.subtree_control", controllers)
		}
	}
	if errors.Is(err, unix.ENOENT) {
		return errors.New("its cgroup has no controllers for memory and pids")
	}
	return err
}

// move moves all processes of a group: this one, and in a container those beside it.
func move(from, to string) error {
	if err := os.Mkdir(to, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	data, err := os.ReadFile(filepath.Join(from, "cgroup.procs"))
	for _, pid := range strings.Fields(string(data)) {
		if e := write(to, "cgroup.procs", pid); e != nil && !errors.Is(e, unix.ESRCH) {
			err = e
		}
	}
	return err
}

func write(dir, name, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(value)
	return err
}

// removeOrphans removes the groups of processes that are gone, whose children are gone or
// about to be.
func removeOrphans(dir string) {
	groups, _ := filepath.Glob(filepath.Join(dir, prefix+"*"))
	for _, group := range groups {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(group), prefix), "-")
		n, err := strconv.Atoi(pid)
		if err != nil || unix.Kill(n, 0) != unix.ESRCH {
			continue
		}
		_ = write(group, "cgroup.kill", "1") // there since Linux 5.14
		for range 100 {
			if !errors.Is(unix.Rmdir(group), unix.EBUSY) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// Take returns a group without processes. A nil Groups gives a nil Group.
func (s *Groups) Take() (*Group, error) {
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.free) - 1; last >= 0 {
		g := s.free[last]
		s.free = s.free[:last]
		return g, nil
	}
	return s.create()
}

var created atomic.Int64

func (s *Groups) create() (*Group, error) {
	g := &Group{of: s, fd: -1}
	g.path = filepath.Join(s.dir, fmt.Sprintf("%s%d-%d", prefix, os.Getpid(), created.Add(1)))
	err := os.Mkdir(g.path, 0o755)
	if err == nil {
		g.fd, err = unix.Open(g.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	}
	if err == nil {
		err = g.limit()
	}
	if err != nil {
		g.remove()
		return nil, fmt.Errorf("making a cgroup: %w", err)
	}
	return g, nil
}

// limit sets what a process may have. Decoders and encoders start a few threads for each CPU.
func (g *Group) limit() error {
	if err := write(g.path, "memory.swap.max", "0"); err != nil && !errors.Is(err, fs.ErrNotExist) { // a kernel without swap
		return err
	}
	err := errors.Join(
		write(g.path, "memory.oom.group", "1"),
		write(g.path, "pids.max", strconv.Itoa(max(256, 16*runtime.NumCPU()))),
	)
	if g.of.memory > 0 {
		err = errors.Join(err, write(g.path, "memory.max", strconv.FormatInt(g.of.memory+room, 10)))
	}
	return err
}

func (g *Group) remove() {
	if g.fd >= 0 {
		unix.Close(g.fd)
	}
	_ = unix.Rmdir(g.path)
}

// Start starts a process in the group, as os.StartProcess does. If it fails, the group is
// gone, otherwise the caller calls End when the process is. A nil Group is none.
func (g *Group) Start(path string, attr *os.ProcAttr) (*os.Process, error) {
	args := []string{path}
	if g == nil {
		return os.StartProcess(path, args, attr)
	}
	g.oom, g.kills = g.events()
	attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, g.fd
	p, err := os.StartProcess(path, args, attr)
	if err != nil { // clone3 is new in Linux 5.7, and containers refuse it
		attr.Sys.UseCgroupFD = false
		if p, err = os.StartProcess(path, args, attr); err == nil {
			if err = write(g.path, "cgroup.procs", strconv.Itoa(p.Pid)); err != nil {
				_ = p.Kill()
				_, _ = p.Wait()
			}
		}
	}
	if err != nil {
		g.remove()
		return nil, err
	}
	return p, nil
}

// End says how the process ended that was started last, and gives the group back.
func (g *Group) End() (is OOM) {
	if g == nil {
		return NotKilled
	}
	switch oom, kills := g.events(); {
	case kills == g.kills:
	case oom > g.oom:
		is = GroupShort
	default:
		is = SystemShort
	}
	g.of.mu.Lock()
	defer g.of.mu.Unlock()
	g.of.free = append(g.of.free, g)
	return is
}

// events counts how often an allocation failed for the limit of the group, and how many
// processes the kernel has killed in it.
func (g *Group) events() (oom, kills int64) {
	data, _ := os.ReadFile(filepath.Join(g.path, "memory.events"))
	for line := range bytes.Lines(data) {
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		n, _ := strconv.ParseInt(string(value), 10, 64)
		switch string(name) {
		case "oom":
			oom = n
		case "oom_kill":
			kills = n
		}
	}
	return oom, kills
}

// Close removes all groups, when their processes are gone.
func (s *Groups) Close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.free {
		g.remove()
	}
	s.free = nil
}
