//go:build failpoints

package failpoint

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// chosen is the point to stop at, and how often it is passed before.
var (
	chosen string
	left   atomic.Int64
)

func init() {
	value := os.Getenv("FAILPOINT")
	name, times, given := strings.Cut(value, ":")
	n := int64(1)
	if given {
		var err error
		if n, err = strconv.ParseInt(times, 10, 64); err != nil || n < 1 {
			panic(fmt.Sprintf("FAILPOINT=%s: is neither NAME nor NAME:NUMBER", value))
		}
	}
	chosen = name
	left.Store(n)
}

// Reach stops the process at the chosen point.
func Reach(name string) {
	if name != chosen || left.Add(-1) != 0 {
		return
	}
	// The signal goes to this thread, which is so the first to stop: one to the
	// process may be taken by another while this one goes on.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fmt.Fprintln(os.Stderr, Reached+name)
	if err := unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP); err != nil {
		panic(fmt.Sprintf("failpoint %s: %v", name, err))
	}
}
