package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/variant"
	"golang.org/x/sys/unix"
)

// fake is a child in a process of its own, which does what its settings (engine.Choice) say
// when it is set up, and then what is written in the pictures that it gets.
type fake struct {
	request         wire.Request
	source, results int
	written         int64
}

// runFake is the main function of the test's binary where that is a child.
func runFake() {
	f := &fake{}
	for f.receive() {
		switch f.request.Kind {
		case wire.Setup:
			f.setUp()
		default:
			f.work()
		}
		unix.Close(f.source)
		unix.Close(f.results)
	}
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// receive gets the next request, and reports whether there is one.
func (f *fake) receive() bool {
	buf, oob := make([]byte, wire.MaxMessage), make([]byte, 64)
	n, oobn, _, _, err := unix.Recvmsg(wire.Socket, buf, oob, 0)
	if err != nil || n == 0 {
		return false
	}
	f.request = must(wire.DecodeRequest(buf[:n]))
	fds := must(unix.ParseUnixRights(&must(unix.ParseSocketControlMessage(oob[:oobn]))[0]))
	if len(fds) != f.request.Kind.Descriptors() {
		panic(fmt.Sprintf("%d descriptors with %s", len(fds), f.request.Kind))
	}
	f.source, f.results, f.written = fds[0], -1, 0
	if len(fds) > 1 {
		f.results = fds[1]
	}
	return true
}

func (f *fake) text() string {
	data := make([]byte, f.request.Size)
	return string(data[:must(unix.Pread(f.source, data, 0))])
}

func (f *fake) send(message []byte, rights ...int) {
	var oob []byte
	if len(rights) > 0 {
		oob = unix.UnixRights(rights...)
	}
	if err := unix.Sendmsg(wire.Socket, message, oob, nil, 0); err != nil {
		panic(err)
	}
}

func (f *fake) answer(a wire.Answer) {
	a.ID = f.request.ID
	f.send(must(a.Encode()))
}

// fakeReady is what a child says that is as it should be.
func fakeReady() *wire.Ready {
	return &wire.Ready{Walls: []wire.Wall{{Name: "glass"}}, Capabilities: engine.Capabilities{
		Recipe: "fake", Reads: header.AllFormats, Writes: resize.WrittenFormats,
	}}
}

func (f *fake) setUp() {
	s := must(wire.DecodeSetUp([]byte(f.text())))
	r := fakeReady()
	switch s.Engine.Choice {
	case "never ready":
		f.hang()
	case "exit":
		fmt.Fprintln(os.Stderr, "error while loading shared libraries")
		os.Exit(127)
	case "refuse":
		f.answer(wire.Answer{Last: true, Err: &wire.Error{Kind: wire.Failed, Text: "libvips was built without png"}})
		os.Exit(1)
	case "another program":
		f.send([]byte(`{"Version":99}`))
	case "nothing":
		f.answer(wire.Answer{Last: true})
	case "build":
		f.answer(wire.Answer{Last: true, Err: &wire.Error{Kind: wire.Failed, Text: fmt.Sprintf("build other, not %s", s.Build)}})
	case "wall":
		r.Walls = append(r.Walls, wire.Wall{Name: "moat", Missing: "no water"})
	case "environment":
		r.Capabilities.Recipe = strings.Join(os.Environ(), ",")
	case "descriptors":
		r.Capabilities.Recipe = f.descriptors()
	case "unlike":
		r.Capabilities.Recipe = fmt.Sprint(os.Getpid())
	}
	f.answer(wire.Answer{Last: true, Ready: r})
}

func (f *fake) hang() {
	fmt.Fprintln(os.Stderr, "hanging")
	for {
		time.Sleep(time.Hour)
	}
}

// descriptors lists those that are open but for the request's.
func (f *fake) descriptors() string {
	var open []string
	for fd := range 64 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && fd != f.source && fd != f.results {
			target, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			kind, _, _ := strings.Cut(target, ":")
			open = append(open, fmt.Sprintf("%d %s", fd, kind))
		}
	}
	return strings.Join(open, ", ")
}

// picture is a PNG.
func picture(w, h int) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// put writes a result, and returns the answer that says where it is.
func (f *fake) put(data []byte) wire.Answer {
	must(unix.Pwrite(f.results, data, f.written))
	f.written += int64(len(data))
	return wire.Answer{Off: f.written - int64(len(data)), Len: int64(len(data))}
}

func (f *fake) made(p resize.Plan) wire.Answer {
	return f.put(picture(p.Size()))
}

// resize makes all plans, and does what text says with the second.
func (f *fake) resize(text string) {
	for i, p := range f.request.Plans {
		a := f.made(p)
		a.Plan = i
		if i == 1 {
			switch text {
			case "one fails":
				a = wire.Answer{Plan: i, Err: &wire.Error{Kind: wire.Bytes, Text: "too many bytes"}}
			case "die":
				die(unix.SIGKILL)
			case "order":
				a.Plan = 0
			case "one missing":
				f.answer(wire.Answer{Last: true})
				return
			}
		}
		f.answer(a)
	}
	switch text {
	case "all broken":
		f.answer(wire.Answer{Last: true, Err: &wire.Error{Kind: wire.Broken, Text: "broken"}})
	case "one more":
		f.answer(f.made(f.request.Plans[0]))
	default:
		f.answer(wire.Answer{Last: true})
	}
}

func die(s syscall.Signal) {
	unix.Kill(os.Getpid(), s)
	for {
		time.Sleep(time.Hour)
	}
}

// work does what the picture says.
func (f *fake) work() {
	text := f.text()
	if f.misbehave(text) || f.end(text) {
		return
	}
	a := wire.Answer{Last: true}
	switch f.request.Kind {
	case wire.Look:
		a.Found = &wire.Found{FocalX: 0.25, FocalY: 0.75, Crop: variant.Crop{W: variant.Length{Value: 5}, H: variant.Length{Value: 5}}}
		if text == "outside" {
			a.Found.Crop.X.Value = 1000
		}
		if text == "nothing" {
			a.Found = nil
		}
	case wire.Probe:
		a.Header = &header.Header{Format: f.request.Format, Width: os.Getpid(), Height: f.request.Page, Orientation: 1, Pages: 9}
		if text == "another format" {
			a.Header.Format = variant.JPEG
		}
	default:
		f.resize(text)
		return
	}
	f.answer(a)
}

// hoard and hoards are memory that is kept.
var (
	hoard  []byte
	hoards [][]byte
)

// end ends the process, if text says how.
func (f *fake) end(text string) bool {
	switch text {
	case "killed":
		die(unix.SIGKILL)
	case "panic":
		panic("on purpose")
	case "exit 0":
		os.Exit(0)
	case "exit 3":
		os.Exit(3)
	case "hang":
		f.hang()
	case "close":
		unix.Close(wire.Socket)
		f.hang()
	case "bad_alloc":
		fmt.Fprintln(os.Stderr, "terminate called after throwing an instance of 'std::bad_alloc'")
		die(unix.SIGKILL)
	case "go":
		fmt.Fprintln(os.Stderr, "fatal error: runtime: out of memory")
		os.Stderr.WriteString(strings.Repeat("goroutine 1 [running]\n", 10_000))
		os.Exit(2)
	case "hoard":
		for {
			hoards = append(hoards, bytes.Repeat([]byte("x"), 1<<20))
		}
	case "threads":
		for {
			go func() {
				runtime.LockOSThread()
				select {}
			}()
			runtime.Gosched()
		}
	case "grow":
		hoard = bytes.Repeat([]byte("x"), maxGrowth+1<<20)
	case "flood":
		for range 1000 {
			os.Stderr.WriteString(strings.Repeat("x", 10_000))
		}
	}
	return false
}

// misbehave answers with what text says, and reports whether it has.
func (f *fake) misbehave(text string) bool {
	say := func(a wire.Answer) bool {
		if f.request.Kind == wire.Resize {
			f.answer(a)
			a = wire.Answer{}
		}
		a.Last = true
		f.answer(a)
		return true
	}
	raw := func(fields map[string]any) bool {
		fields["ID"] = f.request.ID
		f.send(must(json.Marshal(fields)))
		return true
	}
	switch text {
	case "garbage":
		f.send([]byte("\x00\xff{"))
	case "empty message":
		f.send(nil)
		f.hang()
	case "long message":
		f.send(bytes.Repeat([]byte(" "), wire.MaxMessage+1))
	case "another request":
		f.send(must(wire.Answer{ID: f.request.ID + 1, Last: true}.Encode()))
	case "unknown field":
		return raw(map[string]any{"More": 1})
	case "negative offset":
		return raw(map[string]any{"Off": -1, "Len": 10})
	case "negative length":
		return raw(map[string]any{"Len": -10})
	case "unknown error":
		return raw(map[string]any{"Err": map[string]any{"Kind": "angry"}})
	case "beyond":
		return say(wire.Answer{Off: 10, Len: roomFor(f.request.Plans[0]) - 9})
	case "far beyond":
		return say(wire.Answer{Off: 1<<63 - 1, Len: 1<<63 - 1})
	case "neither":
		return say(wire.Answer{})
	case "zeros":
		return say(wire.Answer{Len: 1000})
	case "another size":
		return say(f.put(picture(3, 3)))
	case "another format":
		if f.request.Kind == wire.Probe {
			return false
		}
		return say(f.put([]byte("GIF89a\x05\x00\x05\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x05\x00\x05\x00\x00\x02\x04\x84\x8f\xa9Y\x00;")))
	case "not the last":
		f.answer(wire.Answer{Found: &wire.Found{}})
	case "descriptor":
		a := f.made(f.request.Plans[0])
		a.ID = f.request.ID
		f.send(must(a.Encode()), 0)
	case "twice":
		a := f.made(f.request.Plans[0])
		say(a)
		return say(a)
	case "no memory":
		return say(wire.Answer{Err: &wire.Error{Kind: wire.NoMemory, Text: "none"}})
	case "broken":
		return say(wire.Answer{Err: &wire.Error{Kind: wire.Broken, Text: "broken: really"}})
	case "half":
		a := f.made(f.request.Plans[0])
		a.Err = &wire.Error{Kind: wire.Broken, Text: "broken: half"}
		return say(a)
	case "change files":
		f.changeFiles()
		return false
	default:
		return false
	}
	return true
}

// changeFiles tries what a child may not do with its files, and panics if it can.
func (f *fake) changeFiles() {
	for what, err := range map[string]error{
		"shrink the results": unix.Ftruncate(f.results, 0),
		"grow the results":   unix.Ftruncate(f.results, 1<<40),
		"seal the results":   second(unix.FcntlInt(uintptr(f.results), unix.F_ADD_SEALS, unix.F_SEAL_WRITE)),
		"write beyond":       second(unix.Pwrite(f.results, []byte("x"), roomFor(f.request.Plans[0]))),
		"write the source":   second(unix.Pwrite(f.source, []byte("x"), 0)),
		"shrink the source":  unix.Ftruncate(f.source, 0),
		"grow the source":    unix.Ftruncate(f.source, 1000),
	} {
		if err == nil {
			panic("it can " + what)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// mortal is the name by which the test's binary is a process that starts a Pool, says the
// number of a child, and does nothing more.
const mortal = "mortal"

func runMortal() {
	p, err := New(Config{Worker: filepath.Join(filepath.Dir(os.Args[0]), "child"), Build: "test", Workers: 1})
	if err != nil {
		panic(err)
	}
	h, err := p.Probe(context.Background(), saying("fine"), variant.TIFF, 1)
	fmt.Println(h.Width, err)
	os.Stdin.Read(make([]byte, 1)) // until it is killed
}
