package vips

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/h2non/bimg"
	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
	"golang.org/x/sys/unix"
)

// samples are all pictures of testdata that are read, by name.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../testdata/odd/*")
	if err != nil {
		t.Fatal(err)
	}
	e := defaultEngine(t)
	list := map[string][]byte{}
	for _, f := range files {
		src := testfile(t, f)
		h, err := inspect(e, src, 1)
		if err == nil && e.CanRead(h.Format) && h.DecodePixels() < 4<<20 && filepath.Base(f) != "uses.svg" {
			list[filepath.Base(f)] = src
		}
	}
	if len(list) < 40 {
		t.Fatalf("only %d samples", len(list))
	}
	return list
}

// corrupted changes some bytes, and now and then takes some out.
func corrupted(r *rand.Rand, src []byte) []byte {
	b := bytes.Clone(src)
	for range 1 + r.IntN(8) {
		b[r.IntN(len(b))] = byte(r.Uint32())
	}
	if r.IntN(4) == 0 && len(b) > 40 {
		at := r.IntN(len(b) - 20)
		b = append(b[:at], b[at+1+r.IntN(16):]...)
	}
	return b
}

// allowed are the errors that a picture from outside may cause. One that asks for more
// memory than there is, is refused as too large by the package that gave the engine its memory.
func allowed(err error) bool {
	_, options := errors.AsType[*variant.Error](err)
	return err == nil || options || errors.Is(err, header.ErrBroken) || errors.Is(err, header.ErrNotPicture) ||
		errors.Is(err, header.ErrTooLarge) || errors.Is(err, resize.ErrNoMemory)
}

// TestCorrupted: whatever is wrong inside, there is a picture in the end or an
// error about it.
func TestCorrupted(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	wishes := []string{"40x40,f_png", "30x,f_jpeg", "30x30,fit_contain,f_webp", "dpr_1,f_png", "20x,blur_1,f_gif", "30x30,trim,g_smart,f_png"}
	r := rand.New(rand.NewPCG(5, 6))
	pictures, refused := 0, 0
	all, rounds, least := samples(t), 5, 40
	if sample.Only() {
		rounds, least = 1, 5
	}
	for _, name := range slices.Sorted(maps.Keys(all)) { // in one order, for r
		src := all[name]
		for range rounds {
			b, ops := corrupted(r, src), wishes[r.IntN(len(wishes))]
			if h, err := inspect(e, b, 1); err == nil && h.DecodePixels() > 4<<20 {
				continue
			}
			_, err := make1(e, b, ops)
			if !allowed(err) {
				path := filepath.Join(os.TempDir(), "corrupted-"+name)
				_ = os.WriteFile(path, b, 0o600)
				t.Errorf("%s, %s: %v (kept as %s)", name, ops, err, path)
			}
			if err == nil {
				pictures++
			} else {
				refused++
			}
		}
	}
	if pictures < least || refused < least {
		t.Errorf("%d pictures, %d refused: this test does not test much", pictures, refused)
	}
	t.Logf("%d pictures, %d refused", pictures, refused)
}

// used is the CPU time that the process has used so far, all threads together.
func used(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestBombs cost next to nothing.
func TestBombs(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	s := settings(e)
	s.MaxPixels, s.MaxFrames = 100<<20, 500
	bombs := map[string][]byte{
		"bomb.png": testdata(t, "odd/bomb.png"), "huge.webp": testdata(t, "odd/huge.webp"), "huge.avif": testdata(t, "odd/huge.avif"), "huge.tif": testdata(t, "odd/huge.tif"),
		"scans.jpg": testdata(t, "odd/scans.jpg"), "scans": odd.ManyScans(1600, 1200, 3000), "frames": odd.ManyFrames(100_000), "some frames": odd.ManyFrames(3000),
		"laughs": odd.Laughs(10), "ztxt": testdata(t, "odd/ztxt-bomb.png"), "iccp": testdata(t, "odd/iccp-bomb.png"),
	}
	began := used(t)
	for name, src := range bombs {
		h, err := inspect(e, src, 1)
		if err == nil {
			var p resize.Plan
			if p, err = resize.NewPlan(h, variant.Variant{Width: 50}, 0, s); err == nil {
				_, err = e.Resize(t.Context(), resize.InMemory(src), h, p)
			}
		}
		switch name {
		case "ztxt", "iccp":
			if !allowed(err) {
				t.Errorf("%s: %v", name, err)
			}
		default:
			if err == nil || !allowed(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if took := used(t) - began; took.Seconds() > 4 {
		t.Errorf("%v of CPU", took)
	}
}

// threads is how many the process has.
func threads(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip("there is no /proc")
	}
	return len(list)
}

// TestManyAtOnce: pictures of all kinds at the same time come out as they do one by one,
// and leave nothing behind.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	all := samples(t)
	const ops = "48x36,fit_contain,bg_336699,f_png"
	want := map[string][]byte{}
	for _, name := range sample.Every(4, slices.Sorted(maps.Keys(all))) {
		if out, err := make1(e, all[name], ops); err == nil {
			want[name] = out
		} else if !allowed(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	round := func() {
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				n := 0
				for name := range want { // in another order each time
					if n++; n > 16 {
						return
					}
					if out, err := make1(e, all[name], ops); err != nil || !bytes.Equal(out, want[name]) {
						t.Errorf("%s: %d bytes instead of %d, %v", name, len(out), len(want[name]), err)
					}
				}
			})
		}
		group.Wait()
	}
	round()
	routines, tasks := runtime.NumGoroutine(), threads(t)
	round()
	if now := runtime.NumGoroutine(); now > routines+2 {
		t.Errorf("%d goroutines, %d before", now, routines)
	}
	if now := threads(t); now > tasks+32 {
		t.Errorf("%d threads, %d before", now, tasks)
	}
	m := bimg.VipsMemory()
	for range 1000 { // its threads give their buffers back a moment later
		if m.Memory == 0 && m.Allocations == 0 {
			return
		}
		_, _ = make1(e, all["1x1.png"], "dpr_1,f_png")
		m = bimg.VipsMemory()
	}
	t.Errorf("libvips holds %d bytes in %d buffers", m.Memory, m.Allocations)
}
