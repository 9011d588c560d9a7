package vips

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"golang.org/x/sys/unix"
)

// inChild names, in a process of TestNoMemory that is short of memory, the file of a
// picture.
const inChild = "THUMBERY_TEST_SHORT_OF_MEMORY"

// TestNoMemory: in a process that may not take more, a picture is not called broken
// for that, but is made as soon as there is memory again.
func TestNoMemory(t *testing.T) {
	if file := os.Getenv(inChild); file != "" {
		shortOfMemory(t, testfile(t, file))
		return
	}
	e := engine(t)
	file := filepath.Join(t.TempDir(), "picture")
	for name, src := range map[string][]byte{
		"progressive JPEG": bigPicture(t, e, "jpegsave_buffer", set("interlace", true)),
		"interlaced PNG":   bigPicture(t, e, "pngsave_buffer", set("interlace", true), set("compression", 1)),
		"WebP":             bigPicture(t, e, "webpsave_buffer", set("effort", 0)),
		"GIF":              bigPicture(t, e, "gifsave_buffer", set("effort", 1)),
	} {
		if err := os.WriteFile(file, src, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNoMemory$", "-test.v")
		// Other heaps than the first have address space in reserve.
		cmd.Env = append(os.Environ(), inChild+"="+file, "MALLOC_ARENA_MAX=1")
		said, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(said), "--- PASS: TestNoMemory") {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
}

// shortOfMemory makes things of a large picture with a limit on memory, and then
// without.
func shortOfMemory(t *testing.T, src []byte) {
	e := engine(t)
	const ops = "crop_9_9_50_40,f_png"
	limited(t, 40<<20, func() {
		for _, ops := range []string{ops, "crop_9_9_50_40,trim", "60x,crop_9_9_50_40,up_1,blur_2,f_webp"} {
			if _, err := make1(e, src, ops); !errors.Is(err, resize.ErrNoMemory) {
				t.Errorf("%s, without memory: %v, want ErrNoMemory", ops, err)
			}
		}
		if _, _, err := together(t, e, src, ops, "crop_0_0_50_50"); !errors.Is(err, resize.ErrNoMemory) {
			t.Errorf("two at once, without memory: %v, want ErrNoMemory", err)
		}
	})
	if _, err := make1(e, src, ops); err != nil {
		t.Errorf("with memory again: %v", err)
	}
	if _, err := make1(e, src[:len(src)/2], ops); !errors.Is(err, header.ErrBroken) {
		t.Errorf("half of it, with memory: %v, want ErrBroken", err)
	}
}

// bigSide is that of pictures whose decoders hold all of them: 75 MB and more.
const bigSide = 5000

// bigPicture is a large black one.
func bigPicture(t *testing.T, e *Engine, saver string, args ...arg) []byte {
	t.Helper()
	j := job{run: newRun(context.Background()), engine: e}
	defer j.close()
	im := j.do("copy", on(j.do("black", set("width", bigSide), set("height", bigSide), set("bands", 3))), set("interpretation", "srgb"))
	out := j.save(saver, append(args, on(im))...)
	if j.err != nil {
		t.Fatal(j.err)
	}
	return out
}

// limited runs f while this process may have so many bytes of address space more
// than it has.
func limited(t *testing.T, more uint64, f func()) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &was); err != nil {
		t.Fatal(err)
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	var pages uint64
	if _, err := fmt.Sscan(string(statm), &pages); err != nil {
		t.Fatal(err)
	}
	limit := unix.Rlimit{Cur: pages*uint64(os.Getpagesize()) + more, Max: was.Max}
	if err := unix.Setrlimit(unix.RLIMIT_AS, &limit); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_AS, &was) }()
	f()
}

// TestSaysMemory: what libvips and its decoders say of memory is known, and what
// they say of damage is not taken for it.
func TestSaysMemory(t *testing.T) {
	for text, want := range map[string]bool{
		"out of memory --- size == 103MB":                                                                 true,
		"VipsJpeg: Insufficient memory (case 4)":                                                          true,
		"gifload_buffer: Out of memory":                                                                   true,
		"heif: Memory allocation error (6.1000)":                                                          true,
		"TIFFFillStrip: No space for data buffer at scanline":                                             true,
		"Failed to allocate memory for strip byte counts":                                                 true,
		"vips_mapfile: unable to mmap":                                                                    true,
		"heif: Memory allocation error: Security limit exceeded: Image size exceeds the maximum (6.1000)": false,
		"pngload_buffer: libspng read error":                                                              false,
		"VipsJpeg: Premature end of JPEG file":                                                            false,
		"webp2vips: unable to parse image":                                                                false,
		"tiff2vips: read error":                                                                           false,
		"icc_transform: no known route to colourspace":                                                    false,
		"": false,
	} {
		if got := saysMemory(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

// TestTrimmer: once a second at most, after a heavy picture, and not by the request
// that made it.
func TestTrimmer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var trims atomic.Int32
		tr := trimmer{trim: func() { trims.Add(1) }}
		const small, large = heavyCost - 1, heavyCost
		after := func(cost int64, wait time.Duration, want int32) {
			t.Helper()
			tr.after(cost)
			time.Sleep(wait)
			synctest.Wait()
			if got := trims.Load(); got != want {
				t.Errorf("trimmed %d times, want %d", got, want)
			}
		}
		after(small, 2*trimAfter, 0)
		after(large, 0, 0)
		after(large, trimAfter, 1)
		after(large, trimAfter/2, 1)
		after(large, trimAfter, 2)
		after(small, 10*trimAfter, 2)
	})
}
