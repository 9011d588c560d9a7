package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
	"golang.org/x/sys/unix"
)

// pid is the process that p has make a picture in TIFF.
func pid(t *testing.T, p *Pool) int {
	t.Helper()
	h, err := p.Probe(t.Context(), saying("fine"), variant.TIFF, 1)
	if err != nil {
		t.Fatal(err)
	}
	return h.Width
}

// One process after the other makes the pictures, each as many as it may.
func TestReplacedAfterPictures(t *testing.T) {
	t.Parallel()
	p, d := open(t, func(c *Config) { c.Workers, c.Pictures = 1, 3 })
	count := map[int]int{}
	for range 12 {
		count[pid(t, p)]++
	}
	for pid, n := range count {
		if n > 3 {
			t.Errorf("process %d made %d", pid, n)
		}
	}
	if len(count) < 4 || len(d.all) > 0 {
		t.Errorf("%v, %v", count, d.all)
	}
}

// A picture whose decoder is not trusted sees nothing of others in the memory of its child,
// and leaves nothing there.
func TestReplacedForUntrusted(t *testing.T) {
	t.Parallel()
	p, d := open(t, func(c *Config) { c.Workers = 1 })
	used, tainted := map[int]bool{}, map[int]bool{}
	for _, f := range header.AllFormats.List() {
		distrusted := f == variant.SVG || f == variant.PDF || f == variant.JP2 || f == variant.JXL
		for range 3 {
			before := pid(t, p)
			if again := pid(t, p); again != before {
				t.Fatal("a child is replaced for nothing")
			}
			h, err := p.Probe(t.Context(), saying("fine"), f, 1)
			if err != nil {
				t.Fatal(err)
			}
			by := h.Width
			if distrusted && (by == before || used[by]) {
				t.Errorf("%v: it was made by %d, which had made others", f, by)
			}
			if tainted[before] || tainted[by] {
				t.Errorf("%v: it was made by %d, which had made one that is not trusted", f, by)
			}
			used[before], used[by] = true, true
			tainted[by] = distrusted
		}
	}
	if len(d.all) > 0 {
		t.Errorf("%+v", d.all)
	}
}

// A child that is to be replaced for an untrusted picture, and a Pool that is closed or a
// request that ends meanwhile.
func TestRenewEnds(t *testing.T) {
	t.Parallel()
	p, _ := open(t, func(c *Config) { c.Workers = 1 })
	var pictures sync.WaitGroup
	for i := range 8 {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		pictures.Go(func() {
			if i%2 == 0 {
				go leave()
			}
			_, err := p.Probe(ctx, saying("fine"), variant.SVG, 1)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	pictures.Wait()
	works(t, p)
	works(t, p)
	go p.Close()
	if _, err := p.Probe(t.Context(), saying("fine"), variant.SVG, 1); err != nil && !errors.Is(err, resize.ErrNoProcess) && !errors.Is(err, resize.ErrDied) {
		t.Error(err)
	}
}

func TestReplacedWhenGrown(t *testing.T) {
	t.Parallel()
	p, d := open(t, func(c *Config) { c.Workers = 1 })
	before := pid(t, p)
	if _, err := p.Resize(t.Context(), saying("grow"), original, plan); err != nil {
		t.Fatal(err)
	}
	if pid(t, p) == before || len(d.all) > 0 {
		t.Errorf("the child that has grown goes on, %v", d.all)
	}
}

// A child that dies while it is idle costs no request.
func TestDiesIdle(t *testing.T) {
	t.Parallel()
	p, d := open(t, func(c *Config) { c.Workers = 1 })
	for range 5 {
		before := pid(t, p)
		if err := unix.Kill(before, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if death := <-d.ch; death.Format != 0 || death.Cause != Signal {
			t.Errorf("%+v", death)
		}
		works(t, p)
	}
}

// Many pictures that kill, among others that are fine: each has its answer.
func TestDeathsAmongOthers(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	const n = 60
	errs := make(chan error, n)
	for i := range n {
		go func() {
			text := "fine"
			if i%6 == 0 {
				text = "killed"
			}
			_, err := p.Resize(t.Context(), saying(text), original, plan)
			if (text == "fine") != (err == nil) || err != nil && !errors.Is(err, resize.ErrDied) {
				t.Errorf("%s: %v", text, err)
			}
			errs <- err
		}()
	}
	for range n {
		<-errs
	}
	if s := p.State(); s.Deaths[Signal] != n/6 || len(d.all) != n/6 {
		t.Errorf("%+v", s)
	}
}

// failures has a log tell of errors.
type failures struct {
	slog.Handler
	ch chan string
}

func (f failures) Enabled(context.Context, slog.Level) bool { return true }

func (f failures) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		f.ch <- r.Message + ": " + a.Value.String()
		return true
	})
	return nil
}

// When only the first child could be started, that shows, and once it is gone, requests
// fail as the server's fault.
func TestNoneCanBeStarted(t *testing.T) {
	t.Parallel()
	log := failures{slog.DiscardHandler, make(chan string, 1000)}
	p, d := open(t, func(c *Config) {
		c.Engine.Choice, c.Log, c.patience, c.slowStart = "unlike", slog.New(log), 50*time.Millisecond, time.Hour
	})
	p.Capabilities(t.Context())
	for range degraded {
		if text := <-log.ch; !strings.Contains(text, "cannot be started") || !strings.Contains(text, "the program was replaced") {
			t.Error(text)
		}
		p.trouble.mu.Lock()
		p.trouble.logged = time.Time{} // the same is logged once a minute
		p.trouble.mu.Unlock()
	}
	if s := p.State(); !s.Degraded || !strings.Contains(s.Trouble, "the program was replaced") || s.Alive != 1 {
		t.Errorf("%+v", s)
	}
	if _, err := p.Resize(t.Context(), saying("killed"), original, plan); !errors.Is(err, resize.ErrDied) {
		t.Error(err)
	}
	<-d.ch
	if _, err := p.Resize(t.Context(), saying("fine"), original, plan); !errors.Is(err, resize.ErrNoProcess) {
		t.Error(err)
	}
}

// A picture that needs a new child waits for its start no longer than it may.
func TestRenewInTime(t *testing.T) {
	t.Parallel()
	p, _ := open(t, func(c *Config) { c.Workers = 1 })
	works(t, p)
	c, err := p.takeFor(t.Context(), variant.PNG)
	if err != nil || c.pictures == 0 {
		t.Fatal(c, err)
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := p.renew(ctx, c); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	works(t, p)
}

// A child that does not start is in the log before it is given up.
func TestHangsAtStart(t *testing.T) {
	t.Parallel()
	log := failures{slog.DiscardHandler, make(chan string, 1000)}
	p, _ := open(t, func(c *Config) {
		c.Engine.Choice, c.Log, c.slowStart = "never ready", slog.New(log), time.Millisecond
	})
	if text := <-log.ch; !strings.Contains(text, "takes long to start") {
		t.Error(text)
	}
	select {
	case <-p.started:
		t.Error("it has started")
	default:
	}
}

// To find out what children can do takes one of them.
func TestDescribe(t *testing.T) {
	t.Parallel()
	able, walls, err := Describe(t.Context(), Config{Worker: os.Args[0], Build: "test", Workers: 2})
	if err != nil || able.Recipe != "fake" || len(walls) != 2 || walls[0].Name != "glass" || walls[1].Name != "cgroup" {
		t.Errorf("%+v, %+v, %v", able, walls, err)
	}
	p, _ := open(t, func(c *Config) { c.alone = true })
	if pid(t, p) == 0 || len(p.alive) != 1 {
		t.Errorf("%d children", len(p.alive))
	}
	if _, _, err := Describe(t.Context(), Config{Worker: "/nonexistent", Workers: 2}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A picture waits for a child that takes its time to start.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	p, _ := open(t, func(c *Config) { c.Workers, c.patience = 1, time.Nanosecond })
	for range 4 { // there are two children
		if _, err := p.Resize(t.Context(), saying("killed"), original, plan); !errors.Is(err, resize.ErrDied) {
			t.Error(err)
		}
	}
	works(t, p)
}

// Close ends what is going on.
func TestCloseDuringWork(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	p.Capabilities(t.Context())
	errs := make(chan error)
	for range 5 {
		go func() {
			_, err := p.Resize(t.Context(), saying("hang"), original, plan)
			errs <- err
		}()
	}
	for len(p.slots) < 2 {
		runtime.Gosched()
	}
	p.Close()
	for range 5 {
		if err := <-errs; !errors.Is(err, resize.ErrNoProcess) {
			t.Errorf("%v", err)
		}
	}
	if _, err := p.Resize(t.Context(), saying("fine"), original, plan); err == nil || len(d.all) > 0 {
		t.Errorf("afterwards: %v, %v", err, d.all)
	}
	p.Close() // once more does nothing
}

// Children do not outlive their parent, whatever they are at.
func TestChildrenDieWithParent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{mortal, "child"} {
		if err := os.Symlink(os.Args[0], filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	parent := exec.Command(filepath.Join(dir, mortal))
	in, _ := parent.StdinPipe()
	defer in.Close()
	out, err := parent.StdoutPipe()
	if err == nil {
		err = parent.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	var child int
	if _, err := fmt.Sscan(line, &child); err != nil || !strings.Contains(line, "<nil>") {
		t.Fatalf("%q, %v", line, err)
	}
	fd, err := unix.PidfdOpen(child, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 60_000)
		if err == unix.EINTR {
			continue
		}
		if n != 1 || err != nil {
			t.Errorf("the child lives on: %v", err)
		}
		return
	}
}
