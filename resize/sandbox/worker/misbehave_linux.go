//go:build failpoints

package worker

import (
	"bytes"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/testkit/escape"
	"github.com/thumbery/thumbery/resize/sandbox/walls"
)

func init() {
	if os.Getenv(failpoint.WithoutWalls) != "" {
		build = func(walls.Limits) []walls.Wall { return nil }
	}
}

// misdeeds are what a worker does before it decodes a picture that has failpoint.Misbehave,
// one of these names and a semicolon in it, such as in the comment of a JPEG: what a decoder
// does that has crashed, or that a stranger has taken over. escape=ATTEMPT tries one of
// package escape's.
//
// If what is tried is denied, which the worker writes to standard error, the picture is made
// as any other. If not, it writes "ESCAPED" and exits with code 8.
var misdeeds = map[string]func(deed){
	"segv":  func(deed) { raise(unix.SIGSEGV) },
	"abort": func(deed) { raise(unix.SIGABRT) },
	"kill":  func(deed) { raise(unix.SIGKILL) },
	"exit":  func(deed) { os.Exit(7) },
	"loop": func(deed) {
		for {
			runtime.Gosched()
		}
	},
	"memory": func(deed) {
		for all := [][]byte{}; ; all = append(all, bytes.Repeat([]byte{1}, 16<<20)) {
			runtime.KeepAlive(all)
		}
	},
	"starve": func(deed) {
		for size := 1 << 30; size > 1<<12; {
			if _, err := unix.Mmap(-1, 0, size, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE); err != nil {
				size /= 2
			}
		}
		raise(unix.SIGSEGV)
	},
	"garbage": func(d deed) { _ = unix.Sendmsg(d.socket, []byte("\x00garbage"), nil, nil, 0) },
	"open":    func(d deed) { d.attempt("read /etc/passwd") },
	"socket":  func(d deed) { d.attempt("socket") },
	"fork":    func(d deed) { d.attempt("fork") },
	"keep":    func(deed) { kept, _ = unix.Eventfd(0, 0) },
	"kept": func(deed) {
		if _, err := unix.FcntlInt(uintptr(kept), unix.F_GETFD, 0); err == nil {
			escaped("kept a descriptor")
		}
	},
}

var kept = -1

// deed is what a misdeed has at hand.
type deed struct{ socket, file int }

// misbehave does what the picture asks for.
func misbehave(c *conn, data []byte, files []int) {
	_, rest, found := bytes.Cut(data, []byte(failpoint.Misbehave))
	if !found {
		return
	}
	name, _, _ := bytes.Cut(rest[:min(len(rest), 64)], []byte(";"))
	d := deed{c.socket, files[len(files)-1]}
	if what, ok := bytes.CutPrefix(name, []byte("escape=")); ok {
		d.attempt(string(what))
	} else if do := misdeeds[string(name)]; do != nil {
		do(d)
	} else {
		panic(fmt.Sprintf("there is no misdeed %q", name))
	}
}

// raise ends this process.
func raise(s unix.Signal) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Tgkill(unix.Getpid(), unix.Gettid(), s); err != nil {
		panic(err)
	}
	select {} // until it arrives
}

// attempt tries to escape, here and from another thread.
func (d deed) attempt(name string) {
	try := escape.Attempts[name]
	if try == nil {
		panic(fmt.Sprintf("there is no attempt %q", name))
	}
	p := escape.Place{Socket: d.socket, File: d.file, Size: maxFile}
	denied(name, try(p))
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // and the thread ends with the goroutine
		denied(name, try(p))
		done <- true
	}()
	<-done
}

func denied(name string, err error) {
	if err == nil {
		escaped(name)
	}
	fmt.Fprintf(os.Stderr, "denied: %s: %v\n", name, err)
}

func escaped(how string) {
	fmt.Fprintln(os.Stderr, "ESCAPED:", how)
	os.Exit(8)
}
