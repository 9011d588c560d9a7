package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
	"golang.org/x/sys/unix"
)

// TestMain runs the tests, or the child that they start. In the end no process and no
// descriptor may be left.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1:
	case filepath.Base(os.Args[0]) == goEngine:
		runGoEngine()
	case filepath.Base(os.Args[0]) == mortal:
		runMortal()
	case filepath.Base(os.Args[0]) == grouped:
		runGrouped()
	default:
		runFake()
	}
	if len(os.Args) == 1 {
		return
	}
	warm, err := New(Config{Worker: os.Args[0], Build: "test", Workers: 1})
	if err != nil {
		panic(err)
	}
	warm.Capabilities(context.Background())
	warm.Close()
	before := openDescriptors()
	code := m.Run()
	if after := openDescriptors(); len(after) != len(before) {
		fmt.Printf("FAIL: descriptors are open: %v, and before: %v\n", after, before)
		code = 1
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		fmt.Printf("FAIL: there is a child left: %d, %v\n", pid, err)
		code = 1
	}
	os.Exit(code)
}

// openDescriptors are the numbers and targets of those that are open.
func openDescriptors() (open []string) {
	for fd := range 1024 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			target, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			open = append(open, fmt.Sprintf("%d %s", fd, target))
		}
	}
	return open
}

// deaths collects what the observer is told.
type deaths struct {
	mu  sync.Mutex
	all []Death
	ch  chan Death
}

func (d *deaths) Died(_ context.Context, death Death) {
	d.mu.Lock()
	d.all = append(d.all, death)
	d.mu.Unlock()
	d.ch <- death
}

// open starts a Pool of the test's binary; change may alter how.
func open(t *testing.T, change func(*Config)) (*Pool, *deaths) {
	t.Helper()
	d := &deaths{ch: make(chan Death, 1000)}
	c := Config{Worker: os.Args[0], Build: "test", Workers: 2, Memory: 1 << 30, Died: d.Died}
	if change != nil {
		change(&c)
	}
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, d
}

var (
	original = header.Header{Format: variant.PNG, Width: 10, Height: 10, Orientation: 1, Pages: 1, Depth: 8, Samples: 1, Gray: true}
	plan     = planOf(5, 5)
)

func planOf(w, h int) resize.Plan {
	return resize.Plan{
		Frames: 1, ScaledW: w, ScaledH: h, Cut: resize.Rect{Width: w, Height: h}, CanvasW: w, CanvasH: h,
		Output: resize.Output{Format: variant.PNG},
	}
}

// saying is a picture that has a child do something.
func saying(text string) resize.Source { return resize.InMemory([]byte(text)) }

// works fails the test unless p makes a picture.
func works(t *testing.T, p *Pool) {
	t.Helper()
	data, err := p.Resize(t.Context(), saying("fine"), original, plan)
	if err != nil || string(data) != string(picture(5, 5)) {
		t.Fatalf("a good picture: %d bytes, %v", len(data), err)
	}
}

func TestWorks(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	can, err := p.Capabilities(t.Context())
	if err != nil || can.Recipe != "fake" || p.Recipe() != "fake" || !p.CanRead(variant.JXL) || p.CanWrite(variant.TIFF) || !p.CanWrite(variant.GIF) {
		t.Fatalf("%+v, %v", can, err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 20 {
				data, err := p.Resize(t.Context(), saying("fine"), original, planOf(5, i+1))
				if err != nil || string(data) != string(picture(5, i+1)) {
					t.Errorf("%d bytes, %v", len(data), err)
				}
			}
		})
	}
	all.Wait()
	if h, err := p.Probe(t.Context(), saying("fine"), variant.PDF, 3); err != nil || h.Format != variant.PDF || h.Height != 3 || h.Width == os.Getpid() || h.Pages != 9 {
		t.Errorf("%+v, %v", h, err)
	}
	v := variant.Variant{Width: 5, Trim: 10, Gravity: variant.GravitySmart, Quality: 3}
	v, err = p.Look(t.Context(), saying("fine"), original, v)
	if err != nil || v.Trim != 0 || v.Gravity != variant.GravityFocal || v.FocalX != 0.25 || v.FocalY != 0.75 || v.Crop.W.Value != 5 || v.Quality != 3 {
		t.Errorf("%+v, %v", v, err)
	}
	if len(d.all) != 0 {
		t.Errorf("%+v", d.all)
	}
}

// What a child answers that is well does not cost it its life.
func TestErrorsOfTheEngine(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	data, err := p.Resize(t.Context(), saying("broken"), original, plan)
	if !errors.Is(err, header.ErrBroken) || err.Error() != "broken: really" || data != nil {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	data, err = p.Resize(t.Context(), saying("half"), original, plan)
	if !errors.Is(err, header.ErrBroken) || string(data) != string(picture(5, 5)) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if len(d.all) != 0 {
		t.Errorf("%+v", d.all)
	}
}

func TestMisbehaviour(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		cause Cause
		err   error
		says  string // in the detail
	}{
		{"killed", Signal, resize.ErrDied, "signal: killed"},
		{"panic", Signal, resize.ErrDied, "exit status 2: panic: on purpose"},
		{"exit 3", Signal, resize.ErrDied, "exit status 3"},
		{"exit 0", Protocol, resize.ErrDied, "exit status 0"},
		{"close", Protocol, resize.ErrDied, "closed its connection"},
		{"bad_alloc", Memory, resize.ErrTooMuchMemory, "bad_alloc"},
		{"go", Memory, resize.ErrTooMuchMemory, "runtime: out of memory"},
		{"no memory", Memory, resize.ErrTooMuchMemory, "out of memory"},
		{"garbage", Protocol, resize.ErrDied, "invalid character"},
		{"empty message", Protocol, resize.ErrDied, "closed its connection"},
		{"long message", Protocol, resize.ErrDied, "too long"},
		{"another request", Protocol, resize.ErrDied, "answered request"},
		{"unknown field", Protocol, resize.ErrDied, "unknown field"},
		{"negative offset", Protocol, resize.ErrDied, "10 bytes at -1"},
		{"negative length", Protocol, resize.ErrDied, "-10 bytes"},
		{"unknown error", Protocol, resize.ErrDied, "angry"},
		{"beyond", Protocol, resize.ErrDied, "bytes at 10"},
		{"far beyond", Protocol, resize.ErrDied, "bytes at 9223372036854775807"},
		{"neither", Protocol, resize.ErrDied, "neither"},
		{"zeros", Protocol, resize.ErrDied, "unusable"},
		{"another size", Protocol, resize.ErrDied, "3x3"},
		{"another format", Protocol, resize.ErrDied, "gif"},
		{"descriptor", Protocol, resize.ErrDied, "descriptors"},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			p, d := open(t, nil)
			data, err := p.Resize(t.Context(), saying(c.text), original, plan)
			if !errors.Is(err, c.err) || data != nil {
				t.Errorf("%d bytes, %v, want %v", len(data), err, c.err)
			}
			death := <-d.ch
			if death.Cause != c.cause || death.Format != variant.PNG || death.Size != int64(len(c.text)) || !strings.Contains(death.Detail, c.says) {
				t.Errorf("%+v, want %s, %q", death, c.cause, c.says)
			}
			works(t, p)
			if s := p.State(); s.Deaths[c.cause] != 1 || s.Degraded {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A child that is not to be trusted with files cannot change them.
func TestFilesStay(t *testing.T) {
	t.Parallel()
	p, _ := open(t, nil)
	path := t.TempDir() + "/original"
	const text = "change files"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, flag := range map[string]int{"read-only": os.O_RDONLY, "writable": os.O_RDWR} {
		f, err := os.OpenFile(path, flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		data, err := p.Resize(t.Context(), resize.Source{At: f, Size: int64(len(text)), File: f}, original, plan)
		if err != nil || string(data) != string(picture(5, 5)) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
	if data, err := p.Resize(t.Context(), saying(text), original, plan); err != nil || len(data) == 0 {
		t.Errorf("in memory: %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != text {
		t.Errorf("the original is %q, %v", data, err)
	}
}

// broken is a source that cannot be read.
type unreadable struct{ error }

func (u unreadable) ReadAt([]byte, int64) (int, error) { return 0, u.error }

// A file that becomes unreadable ends a child, and is not the picture's fault.
func TestUnreadableSource(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	f, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	text.WriteString("killed")
	text.Close()
	file, err := os.Open(text.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	wrong := errors.New("input/output error")
	_, err = p.Resize(t.Context(), resize.Source{At: unreadable{wrong}, Size: 6, File: file}, original, plan)
	if !errors.Is(err, wrong) || errors.Is(err, resize.ErrDied) {
		t.Error(err)
	}
	if death := <-d.ch; death.Cause != Signal {
		t.Errorf("%+v", death)
	}
	if _, err = p.Resize(t.Context(), resize.Source{At: unreadable{wrong}, Size: 6}, original, plan); !errors.Is(err, wrong) {
		t.Error(err)
	}
}

func TestLookAndProbeAreChecked(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	for _, text := range []string{"outside", "nothing", "not the last"} {
		v, err := p.Look(t.Context(), saying(text), original, variant.Variant{Trim: 1})
		if !errors.Is(err, resize.ErrDied) || v != (variant.Variant{}) || (<-d.ch).Cause != Protocol {
			t.Errorf("%s: %+v, %v", text, v, err)
		}
	}
	h, err := p.Probe(t.Context(), saying("another format"), variant.TIFF, 1)
	if !errors.Is(err, resize.ErrDied) || h != (header.Header{}) || (<-d.ch).Cause != Protocol {
		t.Errorf("%+v, %v", h, err)
	}
	h, err = p.Probe(t.Context(), saying("fine"), variant.TIFF, header.RasterSideMax+1)
	if !errors.Is(err, resize.ErrDied) || h != (header.Header{}) || (<-d.ch).Cause != Protocol {
		t.Errorf("%+v, %v", h, err)
	}
}

// A child that answers twice does not cost the next picture anything.
func TestAnswersTwice(t *testing.T) {
	t.Parallel()
	p, d := open(t, func(c *Config) { c.Workers = 1 })
	if _, err := p.Resize(t.Context(), saying("twice"), original, plan); err != nil {
		t.Fatal(err)
	}
	works(t, p)
	works(t, p)
	if death := <-d.ch; death.Cause != Protocol || death.Format != 0 {
		t.Errorf("%+v", death)
	}
}

func TestFlood(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	if _, err := p.Resize(t.Context(), saying("flood"), original, plan); err != nil || len(d.all) > 0 {
		t.Error(err, d.all)
	}
}

// during makes a picture that has a child hang, and ends its context for a cause once the
// child has the picture.
func during(t *testing.T, p *Pool, cause error) ([]byte, error) {
	t.Helper()
	ctx, end := context.WithCancelCause(t.Context())
	for p.State().Idle == 0 {
		time.Sleep(time.Millisecond)
	}
	p.mu.Lock()
	next := p.idle[len(p.idle)-1]
	p.mu.Unlock()
	go func() {
		for !strings.Contains(next.said.String(), "hanging") {
			time.Sleep(time.Millisecond)
		}
		end(cause)
	}()
	return p.Resize(ctx, saying("hang"), original, plan)
}

// Our own time limit ends a child, which counts, and a client that leaves, which does not.
func TestTime(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	works(t, p)
	if data, err := during(t, p, resize.ErrTooSlow); !errors.Is(err, resize.ErrTooSlow) || data != nil {
		t.Errorf("too slow: %v", err)
	}
	if death := <-d.ch; death.Cause != Time || death.Format != variant.PNG {
		t.Errorf("%+v", death)
	}
	works(t, p)
	if data, err := during(t, p, context.Canceled); !errors.Is(err, context.Canceled) || data != nil {
		t.Errorf("left: %v", err)
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := p.Resize(ctx, saying("fine"), original, plan); !errors.Is(err, context.Canceled) {
		t.Errorf("left before: %v", err)
	}
	works(t, p)
	if s := p.State(); s.Deaths[Time] != 1 || len(d.ch) > 0 {
		t.Errorf("%+v", s)
	}
	for range 2 * degraded { // one new child after the other
		if _, err := during(t, p, context.Canceled); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if s := p.State(); s.Degraded || p.trouble.pause() > 0 {
		t.Errorf("clients that leave are trouble: %+v", s)
	}
}

// What a child said while it made a picture is not why it dies of the next.
func TestSaidBefore(t *testing.T) {
	t.Parallel()
	p, d := open(t, func(c *Config) { c.Workers = 1 })
	works(t, p)
	c, err := p.takeFor(t.Context(), variant.PNG)
	if err != nil {
		t.Fatal(err)
	}
	// Here and not by the child, from which it could come after the picture.
	c.said.Write([]byte("warning: cannot allocate memory for a thumbnail\n"))
	p.give(c)
	if _, err := p.Resize(t.Context(), saying("panic"), original, plan); !errors.Is(err, resize.ErrDied) {
		t.Error(err)
	}
	if death := <-d.ch; death.Cause != Signal || !strings.Contains(death.Detail, "on purpose") {
		t.Errorf("%+v", death)
	}
}

// Tokens of children that died while others took their place do not block a child from
// being given back.
func TestMoreTokensThanChildren(t *testing.T) {
	t.Parallel()
	p, _ := open(t, func(c *Config) { c.Workers = 1 })
	works(t, p)
	c, err := p.takeFor(t.Context(), variant.PNG)
	if err != nil {
		t.Fatal(err)
	}
	for len(p.waiting) < cap(p.waiting) {
		select {
		case p.waiting <- struct{}{}:
		default:
		}
	}
	p.give(c)
	works(t, p)
	works(t, p)
}

func TestStart(t *testing.T) {
	t.Parallel()
	for choice, says := range map[string]string{
		"exit":            "ended before it was ready: exit status 127: error while loading shared libraries",
		"refuse":          "libvips was built without png",
		"another program": "unknown field",
		"nothing":         "did not say that it is ready",
		"build":           "build other, not test",
		"wall":            "does not offer moat: no water",
	} {
		t.Run(choice, func(t *testing.T) {
			t.Parallel()
			p, _ := open(t, func(c *Config) { c.Engine.Choice, c.Require = engine.Choice(choice), true })
			if _, err := p.Capabilities(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%v, want %q", err, says)
			}
			if p.CanRead(variant.JPEG) || p.Recipe() != "" {
				t.Error("it can do something")
			}
		})
	}
	t.Run("never ready", func(t *testing.T) {
		t.Parallel()
		p, _ := open(t, func(c *Config) { c.Engine.Choice, c.startTimeout = "never ready", 100*time.Millisecond })
		if _, err := p.Capabilities(t.Context()); err == nil || !strings.Contains(err.Error(), "not ready in time") {
			t.Error(err)
		}
	})
	t.Run("no program", func(t *testing.T) {
		t.Parallel()
		p, _ := open(t, func(c *Config) { c.Worker = "/nonexistent" })
		if _, err := p.Capabilities(t.Context()); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
	t.Run("closed meanwhile", func(t *testing.T) {
		t.Parallel()
		p, _ := open(t, func(c *Config) { c.Engine.Choice = "never ready" })
		p.Close()
		if _, err := p.Capabilities(t.Context()); err == nil {
			t.Error("it is ready")
		}
	})
}

func TestMissingWalls(t *testing.T) {
	t.Parallel()
	p, _ := open(t, func(c *Config) { c.Engine.Choice = "wall" })
	works(t, p)
	if missing := p.State().Missing(); len(missing) < 1 || missing[0] != (Wall{Name: "moat", Missing: "no water"}) {
		t.Errorf("%+v", missing)
	}
}

// A child has the descriptors of the protocol, and no others.
func TestChildHasNoDescriptors(t *testing.T) {
	t.Parallel()
	secret, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	inherited, err := unix.Dup(int(secret.Fd())) // as from a shell: without close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(inherited)
	p, _ := open(t, func(c *Config) { c.Engine.Choice = "descriptors" })
	if got := p.Recipe(); !strings.HasPrefix(got, "0 /dev/null, 1 /dev/null, 2 pipe, 3 socket") || strings.Contains(got, secret.Name()) {
		t.Errorf("%s", got)
	}
}

// A child gets nothing of the parent's environment but what it needs.
func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("THUMBERY_SIGN_KEY", "secret")
	t.Setenv("MALLOC_ARENA_MAX", "1")
	p, _ := open(t, func(c *Config) { c.Engine.Choice = "environment" })
	if got := p.Recipe(); strings.Contains(got, "secret") || !strings.Contains(got, "MALLOC_ARENA_MAX=1") {
		t.Errorf("%q", got)
	}
}
