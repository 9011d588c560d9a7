package worker_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/testkit/escape"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// asking is a JPEG with a comment that asks for a misdeed.
func asking(t testing.TB, deed string) []byte {
	t.Helper()
	src := pictures(t)["gray.jpg"]
	comment := failpoint.Misbehave + deed + ";"
	return append([]byte("\xff\xd8\xff\xfe\x00"+string(rune(len(comment)+2))+comment), src[2:]...)
}

// attempt has c make a picture that asks for a misdeed.
func (c *child) attempt(deed string) (answer, error) {
	c.t.Helper()
	src := asking(c.t, deed)
	h, err := c.header(src)
	if err != nil {
		c.t.Fatal(err)
	}
	p, err := c.plan(src, h, "10x")
	if err != nil {
		c.t.Fatal(err)
	}
	all, err := c.try(wire.Request{Kind: wire.Resize, Header: h, Plans: []resize.Plan{p}}, src)
	if err != nil {
		return answer{}, err
	}
	return all[0], nil
}

// What code tries that has got hold of a worker is denied, in all threads, and the worker
// goes on.
func TestEscape(t *testing.T) {
	t.Parallel()
	const notPermitted, noAccess = "operation not permitted", "permission denied"
	c := start(t, setUp())
	want := map[string]string{
		"read /etc/passwd": noAccess, "open /proc/self/fd": noAccess, "read the parent's memory": noAccess,
		"socket": notPermitted, "socket pair": notPermitted, "exec": notPermitted, "memfd": notPermitted, "fork": notPermitted,
		"new namespace": notPermitted, "clone3": "function not implemented", "ptrace": notPermitted, "kill the parent": notPermitted,
		"signal the parent's thread": notPermitted, "process_vm_readv": notPermitted, "pidfd": notPermitted, "raise a limit": notPermitted,
		"open to write": notPermitted, "change flags": notPermitted, "duplicate": notPermitted, "io_uring": notPermitted, "message elsewhere": notPermitted,
	}
	for name := range want {
		if a, err := c.attempt("escape=" + name); err != nil || a.Err != nil {
			t.Fatalf("%s: %+v, %v: %s", name, a.Err, err, c.stderr.String())
		}
	}
	for _, name := range []string{"open", "socket", "fork", "keep", "kept"} {
		if a, err := c.attempt(name); err != nil || a.Err != nil {
			t.Fatalf("%s: %+v, %v: %s", name, a.Err, err, c.stderr.String())
		}
	}
	c.stop()
	for name, how := range want {
		line := fmt.Sprintf("denied: %s: ", name)
		if said := c.stderr.String(); strings.Count(said, line) < 2 || !strings.Contains(said, line+how) && !strings.Contains(said, how+"\n") {
			t.Errorf("%s is not %s: %s", name, how, said)
		}
	}
}

// The attempts of TestEscape would succeed: without walls they do.
func TestEscapeWithoutWalls(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"read /etc/passwd", "open /proc/self/fd", "socket", "memfd", "kill the parent", "open to write", "change flags", "duplicate"} {
		c := start(t, setUp(), withoutWalls)
		if _, err := c.attempt("escape=" + name); err == nil {
			t.Errorf("%s is denied without walls", name)
			continue
		}
		if err := c.cmd.Wait(); err == nil || !strings.Contains(c.stderr.String(), "ESCAPED: "+name) {
			t.Errorf("%s: %v: %s", name, err, c.stderr.String())
		}
	}
}

// A worker dies of what a crashed decoder does, and of nothing else.
func TestMisdeeds(t *testing.T) {
	t.Parallel()
	for deed, want := range map[string]string{
		"segv": "SIGSEGV", "abort": "SIGABRT", "kill": "signal: killed", "exit": "exit status 7", "memory": "out of memory", "starve": "out of memory: it crashed", "garbage": "invalid character",
	} {
		t.Run(deed, func(t *testing.T) {
			t.Parallel()
			s := setUp()
			s.Memory = 512 << 20
			c := start(t, s)
			_, err := c.attempt(deed)
			if err == nil {
				t.Fatal("it answered")
			}
			c.socket.Close()
			said := fmt.Sprint(err, " ", c.cmd.Wait(), " ", c.stderr.String())
			if !strings.Contains(said, want) || deed == "segv" && strings.Contains(said, "memory") {
				t.Errorf("%s, want %s", said, want)
			}
		})
	}
}

// What is written beyond the limit of a file is refused, or is the end of the worker.
func TestFileLimit(t *testing.T) {
	t.Parallel()
	c := start(t, setUp())
	_, err := c.attempt("escape=write much")
	c.socket.Close()
	said := fmt.Sprint(c.cmd.Wait(), c.stderr.String())
	if err == nil && !strings.Contains(said, "denied: write much: file too large") || err != nil && !strings.Contains(said, "SIGXFSZ") {
		t.Errorf("%v: %s", err, said)
	}
}

// Every thread is behind the walls: Go's, those of libvips, and those of its encoders.
func TestThreads(t *testing.T) {
	t.Parallel()
	c := start(t, setUp())
	for _, w := range c.ready.Walls {
		if w.Missing != "" {
			t.Errorf("no %s: %s", w.Name, w.Missing)
		}
	}
	src := pictures(t)["lake.jpg"]
	h, err := c.header(src)
	if err != nil {
		t.Fatal(err)
	}
	if a := c.make(src, h, "300x,f_avif"); a.Err != nil {
		t.Fatalf("%+v", a.Err)
	}
	err = escape.Walled(
		c.cmd.Process.Pid, 4, "Max core file size        0                    0 ",
		"Max open files            128                  128 ", "Max cpu time              600                  600 ",
	)
	if err != nil {
		t.Error(err)
	}
	c.stop()
}

// ImageMagick and OpenSlide are not in the process: the parts of libvips that bring them
// are not opened.
func TestNoModulesThatAreNotNeeded(t *testing.T) {
	t.Parallel()
	c := start(t, setUp())
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", c.cmd.Process.Pid))
	if err != nil || !bytes.Contains(maps, []byte("libvips")) {
		t.Fatalf("%v: %s", err, maps)
	}
	for _, name := range []string{"vips-magick", "libMagickCore", "vips-openslide", "libopenslide"} {
		if bytes.Contains(maps, []byte(name)) {
			t.Errorf("%s is in the process", name)
		}
	}
	c.stop()
	if c.stderr.Len() > 0 {
		t.Errorf("it says %s", c.stderr.String())
	}
}
