package vips

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// used is the CPU time that the process has used so far, all threads together.
func used(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestStop: work that takes long ends with its context, in each of its stages. Were
// it merely abandoned, Resize would give the whole picture in the end. It is not parallel,
// because it measures the CPU time of the whole process.
func TestStop(t *testing.T) {
	e := defaultEngine(t)
	src := resizetest.PNG(resizetest.Quarters(2000, 2000))
	for _, ops := range []string{
		"2000x2000,f_png", "1900x,f_jpeg", "1900x,f_webp", "1800x1800,blur_90", "2000x2000,sharp_9",
		"2000x2000,fit_contain,rot_90,pixel_3", "4000x4000,up_1,f_webp", "1800x,f_webp,lossless",
	} {
		h, p := plan(t, e, src, ops)
		ctx, cancel := context.WithCancel(t.Context())
		began := used(t)
		go func() {
			for used(t)-began < 10*time.Millisecond { // CPU time, whatever else the machine does
				runtime.Gosched()
			}
			cancel()
		}()
		out, err := e.Resize(ctx, resize.InMemory(src), h, p)
		if out != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %d bytes, %v, want context.Canceled", ops, len(out), err)
		}
	}
}
