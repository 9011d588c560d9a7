package vips

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
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
	sample.Skip(t, "starts itself again")
	e := defaultEngine(t)
	file := filepath.Join(t.TempDir(), "picture")
	for name, src := range map[string][]byte{
		"progressive JPEG": bigPicture(t, e, "jpegsave_buffer", op.Set("interlace", true)),
		"interlaced PNG":   bigPicture(t, e, "pngsave_buffer", op.Set("interlace", true), op.Set("compression", 1)),
		"WebP":             bigPicture(t, e, "webpsave_buffer", op.Set("effort", 0)),
		"GIF":              bigPicture(t, e, "gifsave_buffer", op.Set("effort", 1)),
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
	e := defaultEngine(t)
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
func bigPicture(t *testing.T, e *Engine, saver string, args ...op.Arg) []byte {
	t.Helper()
	j := job{run: newRun(), engine: e}
	defer j.Close()
	im := j.Do("copy", op.On(j.Do("black", op.Set("width", bigSide), op.Set("height", bigSide), op.Set("bands", 3))), op.Set("interpretation", "srgb"))
	out := j.Save(saver, append(args, op.On(im))...)
	if j.Err != nil {
		t.Fatal(j.Err)
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
