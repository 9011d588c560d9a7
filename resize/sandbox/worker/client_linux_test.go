package worker_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/testkit/binaries"
	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/internal/testkit/sources"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/variant"
)

// programDir is where program is, once it is built.
var programDir string

// program is the real worker, built for tests. It needs a C compiler and libvips.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "worker")
	if err != nil {
		return "", err
	}
	programDir = dir
	path, err := binaries.Worker.Build(dir)
	return path, errors.Join(err, os.Chmod(dir, 0o755)) // for another user
})

func TestMain(m *testing.M) {
	if os.Getenv(confine) != "" {
		fmt.Fprintln(os.Stderr, becomeConfined())
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(programDir) // "" if no test has built it
	os.Exit(code)
}

// child is a worker of a test.
type child struct {
	t      testing.TB
	cmd    *exec.Cmd
	socket *os.File
	stderr bytes.Buffer
	id     uint64
	ready  *wire.Ready
}

// setUp is what the children of tests are told, unless a test has other wishes.
func setUp() wire.SetUp {
	return wire.SetUp{Build: "devel", Memory: 2 << 30, CPU: 600, Engine: engine.Config{Formats: header.AllFormats}}
}

// start starts a worker, and changes it before.
func start(t testing.TB, s wire.SetUp, changes ...func(*exec.Cmd)) *child {
	t.Helper()
	c := launch(t, changes...)
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	a := c.ask(wire.Request{Kind: wire.Setup}, data)[0]
	if a.Err != nil {
		t.Fatalf("%+v", a.Err)
	}
	c.ready = a.Ready
	return c
}

func launch(t testing.TB, changes ...func(*exec.Cmd)) *child {
	t.Helper()
	sample.Skip(t, "builds and starts the worker")
	sources.Open(t, "../../..")
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "theirs")
	defer theirs.Close()
	c := &child{t: t, cmd: exec.Command(path), socket: os.NewFile(uintptr(pair[0]), "ours")}
	c.cmd.Env = []string{} // but what a test needs
	c.cmd.Dir = "/"
	c.cmd.Stderr = &c.stderr
	c.cmd.ExtraFiles = []*os.File{theirs}
	for _, change := range changes {
		change(c.cmd)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.socket.Close()
		_ = c.cmd.Wait() // has failed in some tests
	})
	return c
}

// stop closes the connection, and holds the worker to ending well.
func (c *child) stop() {
	c.t.Helper()
	c.socket.Close()
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("%v: %s", err, c.stderr.String())
	}
}

// ask sends a request, with src as its source, and returns the answers, with the results
// in the order of the plans. The test ends if the worker does.
func (c *child) ask(r wire.Request, src []byte) []answer {
	c.t.Helper()
	all, err := c.try(r, src)
	if err != nil {
		c.socket.Close()
		_ = c.cmd.Wait() // its status is printed
		c.t.Fatalf("%s: %v, %v: %s", r.Kind, err, c.cmd.ProcessState, c.stderr.String())
	}
	return all
}

// answer is an answer with the result that it speaks of.
type answer struct {
	wire.Answer
	data []byte
}

// room is that for the results of a test.
const room = 64 << 20

func (c *child) try(r wire.Request, src []byte) (all []answer, err error) {
	c.t.Helper()
	file, results := memory(c.t, src), memory(c.t, nil)
	defer file.Close()
	defer results.Close()
	if err := results.Truncate(room); err != nil {
		c.t.Fatal(err)
	}
	c.id++
	r.ID, r.Size = c.id, int64(len(src))
	message, err := r.Encode()
	if err != nil {
		c.t.Fatal(err)
	}
	fds := []int{int(file.Fd()), int(results.Fd())}[:r.Kind.Descriptors()]
	if err := unix.Sendmsg(int(c.socket.Fd()), message, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL); err != nil {
		return nil, err
	}
	for len(all) == 0 || !all[len(all)-1].Last {
		a, err := c.receive()
		if err != nil {
			return nil, err
		}
		one := answer{a, make([]byte, a.Len)}
		if _, err := results.ReadAt(one.data, a.Off); err != nil && a.Len > 0 {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (c *child) receive() (wire.Answer, error) {
	buf := make([]byte, wire.MaxMessage)
	n, err := c.socket.Read(buf)
	if err != nil {
		return wire.Answer{}, err
	}
	a, err := wire.DecodeAnswer(buf[:n])
	if err == nil && a.ID != c.id {
		err = fmt.Errorf("an answer to %d, not %d", a.ID, c.id)
	}
	return a, err
}

// memory is a file in memory with these bytes.
func memory(t testing.TB, data []byte) *os.File {
	t.Helper()
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "memory")
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	return f
}

// settings are those of plans.
var settings = resize.Settings{MaxPixels: 100 << 20, MaxFrames: 100, Watermarks: map[string]string{"text": "text"}, CanWrite: resize.WrittenFormats.Has}

// header finds out what a file is: in Go, or by the worker.
func (c *child) header(src []byte) (header.Header, error) {
	c.t.Helper()
	f, ok := header.Sniff(src)
	if !ok || !header.Probed.Has(f) {
		return header.Inspect(c.t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
	}
	a := c.ask(wire.Request{Kind: wire.Probe, Format: f, Page: 1}, src)[0]
	if a.Err != nil {
		return header.Header{}, a.Err.Err()
	}
	return *a.Header, nil
}

// make has the worker look at a picture, if need be, and make a variant of it.
func (c *child) make(src []byte, h header.Header, options string) answer {
	c.t.Helper()
	p, err := c.plan(src, h, options)
	if err != nil {
		return answer{Answer: wire.Answer{Err: wire.ErrorOf(err)}}
	}
	return c.ask(wire.Request{Kind: wire.Resize, Header: h, Plans: []resize.Plan{p}}, src)[0]
}

func (c *child) plan(src []byte, h header.Header, options string) (resize.Plan, error) {
	c.t.Helper()
	v, err := variant.Parse(options)
	if err != nil {
		c.t.Fatal(err)
	}
	if resize.NeedsLook(v) {
		a := c.ask(wire.Request{Kind: wire.Look, Header: h, Variant: v}, src)[0]
		if a.Err != nil {
			return resize.Plan{}, a.Err.Err()
		}
		if v.Trim != 0 {
			v.Crop, v.Trim = a.Found.Crop, 0
		}
		if v.Gravity == variant.GravitySmart {
			v.Gravity, v.FocalX, v.FocalY = variant.GravityFocal, a.Found.FocalX, a.Found.FocalY
		}
	}
	return resize.NewPlan(h, v, 0, settings)
}

// large are the files that take too much time or memory.
var large = []string{"uses.svg", "huge.webp", "huge.avif", "huge.tif", "bomb.png", "iccp-bomb.png", "ztxt-bomb.png"}

// pictures are the files of testdata/odd and testdata/photos, and drawings with text.
func pictures(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, dir := range []string{"odd", "photos"} {
		root := "../../../testdata/" + dir
		entries, err := os.ReadDir(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if slices.Contains(large, e.Name()) {
				continue
			}
			data, err := os.ReadFile(filepath.Join(root, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all[e.Name()] = data
		}
	}
	all["text.svg"] = []byte(textSVG)
	return all
}

// textSVG has text in several fonts and scripts, and pictures within.
const textSVG = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="100">
<text x="5" y="20" font-family="serif">Grüße 字 שלום</text><text x="5" y="50" font-family="monospace" font-weight="bold">code</text>
<text x="5" y="70" font-family="No Such Font" font-style="italic">other</text>
<image x="100" y="50" width="40" height="40" xlink:href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="/>
<image x="150" y="50" width="40" height="40" xlink:href="data:image/gif;base64,R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="/>
</svg>`
