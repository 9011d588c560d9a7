package prime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

var small = resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60)))

// fixture is an Engine on fakes, with n pictures at 0000.jpg and so on.
type fixture struct {
	*Engine
	origin *storagetest.Flaky
	mounts *storage.Mounts
}

func newFixture(t *testing.T, n int) fixture {
	t.Helper()
	origin := storagetest.NewFlaky(nil)
	for i := range n {
		origin.Fake.Put(fmt.Sprintf("%04d.jpg", i), small)
	}
	mounts := &storage.Mounts{}
	if err := mounts.Add("/", origin); err != nil {
		t.Fatal(err)
	}
	pictures, fetches := gate.New(2, 1<<20, 100), gate.New(32, 0, 100)
	log := slog.New(slog.DiscardHandler)
	p := pipeline.New(pipeline.Config{
		Originals: originals.Config{
			Origin: mounts, Down: mounts.Down, Cache: cachetest.NewFake(), Fetches: fetches, MaxBytes: 1 << 20, FetchTimeout: time.Minute,
		},
		Derivatives: derivatives.Config{Cache: cachetest.NewFake()},
		Render: render.Config{
			Resizer: &resizetest.Fake{}, Gate: pictures, Timeout: time.Minute,
			Settings: resize.Settings{MaxPixels: 1 << 20, CanWrite: func(f variant.Format) bool { return f != variant.AVIF }},
		},
		Log: log, Now: time.Now,
	})
	return fixture{New(p, pipeline.NopObserver{}, log), origin, mounts}
}

func variants(t *testing.T, ops ...string) (all []variant.Variant) {
	t.Helper()
	for _, text := range ops {
		v, err := variant.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// all is a job of everything that is listed, in two sizes.
func (o fixture) all(t *testing.T) Job {
	s := Selection{Origins: o.mounts}
	return Job{Variants: variants(t, "40x", "20x"), List: s.List, Counts: true, Parallel: 4}
}

// primed runs a job, and returns the last report.
func (o fixture) primed(ctx context.Context, j Job) (last Progress, err error) {
	err = o.Run(ctx, j, func(p Progress) { last = p })
	return last, err
}

// Pictures are counted by their results.
func TestPriming(t *testing.T) {
	for _, tt := range []struct {
		name string
		tell func(*storagetest.Flaky)
		want string // made, there, failed, no pictures
	}{
		{"all", func(*storagetest.Flaky) {}, "20 0 0 0"},
		{"no picture", func(s *storagetest.Flaky) { s.Fake.Put("0003.jpg", []byte("a text")) }, "18 0 0 1"},
		{"broken", func(s *storagetest.Flaky) { s.Fake.Put("0003.jpg", small[:300]) }, "18 0 2 0"},
		{"gone", func(s *storagetest.Flaky) { s.FailOpen("0003.jpg", 9, storage.ErrNotFound) }, "18 0 2 0"},
		{"down for one", func(s *storagetest.Flaky) { s.FailOpen("0003.jpg", 9, storagetest.ErrDown) }, "18 0 2 0"},
		{"the listing breaks off", func(s *storagetest.Flaky) { s.FailList("0005.jpg", 3, storagetest.ErrDown) }, "20 0 0 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newFixture(t, 10)
				tt.tell(o.origin)
				s, err := o.primed(t.Context(), o.all(t))
				if got := fmt.Sprint(s.Made, s.There, s.Failed, s.NotPictures); err != nil || got != tt.want || s.Finished != 10 || s.Pictures != 10 {
					t.Errorf("%v: %s of %d of %d, want %s", err, got, s.Finished, s.Pictures, tt.want)
				}
				if s.Failed > 0 != (len(s.Errors) == 1 && s.Errors[0].Key == "0003.jpg") {
					t.Errorf("%+v", s.Errors)
				}
				made := s.Made
				if s, err = o.primed(t.Context(), o.all(t)); err != nil || s.There != made {
					t.Errorf("again %v: %+v, want %d there", err, s, made)
				}
			})
		})
	}
}

// A place that is down is waited for, and given up after a while: what comes later
// is not tried in vain.
func TestPrimingWaits(t *testing.T) {
	for _, back := range []time.Duration{30 * time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			o := newFixture(t, 100)
			o.origin.SetDown(true)
			time.AfterFunc(back, func() { o.origin.SetDown(false) })
			s, err := o.primed(t.Context(), o.all(t))
			if back < originTimeout && (err != nil || s.Made != 200) {
				t.Errorf("back after %v: %v, %+v", back, err, s)
			}
			if back > originTimeout && (!errors.Is(err, storage.ErrUnavailable) || s.Finished != 0) {
				t.Errorf("not back: %v, %+v", err, s)
			}
		})
	}
}

// A job that waits for an origin that is down ends at once when it is cancelled, and uses no CPU
// until then.
func TestWaitingForOriginStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 1)
		o.origin.SetDown(true)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		began := time.Now()
		if _, err := o.primed(ctx, o.all(t)); !errors.Is(err, context.Canceled) || time.Since(began) > 11*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// Failures that are not the pictures' own end it; those that are do not.
func TestPrimingGivesUp(t *testing.T) {
	for err, want := range map[error]int{storagetest.ErrDown: 50, errors.New("the disk fails"): 50, storage.ErrRefused: 200, storage.ErrNotFound: 200, resize.ErrDied: 200} {
		synctest.Test(t, func(t *testing.T) {
			o := newFixture(t, 200)
			o.origin.FailOpen("*", 1000, err)
			s, got := o.primed(t.Context(), o.all(t))
			if s.Finished != want || (want == 50) != errors.Is(got, err) {
				t.Errorf("%v: %d failed, and then %v", err, s.Finished, got)
			}
		})
	}
}

// A picture in progress when the job is stopped counts neither as made nor as failed.
func TestPrimingStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 100)
		o.origin.Delay(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s, err := o.primed(ctx, o.all(t))
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) || s.Failed != 0 || s.Made < 40 || s.Made > 100 {
			t.Errorf("%v, %+v", err, s)
		}
		if again, err := o.primed(t.Context(), o.all(t)); err != nil || again.There < s.Made || again.Made+again.There != 200 {
			t.Errorf("again: %v, %+v", err, again)
		}
	})
}

// Rates and times are numbers whatever happens, and right where there is something
// to go by.
func TestTally(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	y := newTally(start, 1000, false)
	check := func(when string, s Progress, rate, left float64) {
		t.Helper()
		if math.Abs(s.Rate-rate) > 0.05*rate || math.Abs(s.Left-left) > 0.05*left {
			t.Errorf("%s: %.2f/s, %.1f s left; want %.2f, %.1f", when, s.Rate, s.Left, rate, left)
		}
		if _, err := json.Marshal(s); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	check("at once", y.snapshot(start), 0, 0)
	check("the clock goes back", y.snapshot(at(-1)), 0, 0)
	for i := range 200 { // 20 s at 10 pictures a second of 4
		y.note("k", Result{Made: 4})
		y.snapshot(at(float64(i+1) / 10))
	}
	check("steady", y.snapshot(at(20)), 40, 80)
	for i := range 300 { // 15 s at 20
		y.note("k", Result{Exist: 3, Failed: 1, Err: storage.ErrNotFound})
		y.snapshot(at(20 + float64(i+1)/20))
	}
	check("faster", y.snapshot(at(35)), 80, 25)
	if n := len(y.seen); n > 20*int(rateWindow/time.Second)+3 {
		t.Errorf("%d snapshots are kept", n)
	}
	check("stalled", y.snapshot(at(40)), 40, 50)
	y.snapshot(at(90))
	check("stalled for long", y.snapshot(at(100)), 0, 0)
	for range 1000 {
		y.note("k", Result{})
	}
	s := y.snapshot(at(100))
	if s.Finished != 1500 || s.Pictures != 1500 || s.Made != 800 || s.There != 900 || s.Failed != 300 || len(s.Errors) != maxErrors {
		t.Errorf("%+v", s)
	}
	y.end(Done, "", at(200))
	check("ended", y.snapshot(at(1000)), 10, 0)
	endedAtOnce := newTally(start, 0, false)
	endedAtOnce.end(Done, "", start)
	check("ended at once", endedAtOnce.snapshot(start), 0, 0)
}

// Error texts of backends may be long.
func TestTallyErrors(t *testing.T) {
	y := newTally(time.Now(), 0, false)
	y.note("k", Result{Failed: 1, Err: errors.New(strings.Repeat("ü", 5000))})
	y.note("text", Result{Failed: 1, Err: header.ErrNotPicture})
	s := y.snapshot(time.Now())
	if len(s.Errors) != 1 || s.FirstNotPicture != "text" || len(s.Errors[0].Error) > maxErrorBytes+5 || s.Failed != 1 || s.NotPictures != 1 {
		t.Errorf("%+v", s)
	}
}

func TestReadKeys(t *testing.T) {
	long := strings.Repeat("x", variant.MaxKeyBytes)
	for text, want := range map[string]string{
		"":                   "",
		"\n\r\n\n":           "",
		"a.jpg":              "a.jpg",
		"a.jpg\nb c.jpg\r\n": "a.jpg|b c.jpg",
		"/a\na//b\n..\nü":    "ü; left out /a|a//b|..",
		" a ":                " a ",
		"a\x00b\n\xff\nc":    "c; left out a\x00b|\xff",
		long + "\n" + long:   long + "|" + long,
		long + "x\nz\n":      "z; left out " + long[:exampleBytes] + "…",
		strings.Repeat("y", 10*lineBytes) + "\nz": "z; left out " + strings.Repeat("y", exampleBytes) + "…",
		strings.Repeat("y", 10*lineBytes):         "; left out " + strings.Repeat("y", exampleBytes) + "…",
	} {
		var keys, left []string
		for key, err := range ReadKeys(strings.NewReader(text), func(line string) { left = append(left, line) }) {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, string(key))
		}
		got := strings.Join(keys, "|") + strings.Join(append([]string{""}, left...), "|")
		if len(left) > 0 {
			got = strings.Join(keys, "|") + "; left out " + strings.Join(left, "|")
		}
		if got != want {
			t.Errorf("%.60q: %.200q, want %.200q", text, got, want)
		}
	}
	var last error
	for _, last = range ReadKeys(io.MultiReader(strings.NewReader("a\n"), failingReader{}), nil) {
	}
	if !errors.Is(last, io.ErrClosedPipe) {
		t.Errorf("a reader that fails: %v", last)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A reader that waits for a line can be stopped.
func TestPrefetch(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _, _ = io.WriteString(w, "a\n") }()
	var got []string
	for key, err := range Prefetch(ctx, ReadKeys(r, nil)) {
		got = append(got, fmt.Sprint(key, err))
		cancel()
	}
	if want := []string{"a<nil>", "context canceled"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A batch is as large as it may be, and does not wait for more than has been read.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := func(yield func(variant.Key, error) bool) {
			for i := range batchKeys + 2 {
				if i == batchKeys+1 {
					<-time.After(time.Minute)
				}
				if !yield(variant.Key(fmt.Sprint(i)), nil) {
					return
				}
			}
			for range 3 * batchBytes / 1000 {
				if !yield(variant.Key(strings.Repeat("k", 1000)), nil) {
					return
				}
			}
			yield("", storagetest.ErrDown)
		}
		found := prefetch(t.Context(), keys, batchKeys)
		var sizes []int
		var last error
		all := 0
		for last == nil {
			synctest.Wait() // until all is read that can be
			var batch []variant.Key
			batch, last = nextBatch(t.Context(), found)
			if bytes := len(strings.Join(asStrings(batch), "")); len(batch) == 0 || len(batch) > batchKeys || bytes >= batchBytes+1000 {
				t.Errorf("a batch of %d keys and %d bytes", len(batch), bytes)
			}
			sizes, all = append(sizes, len(batch)), all+len(batch)
		}
		if sizes[0] != batchKeys || sizes[1] != 1 || all != batchKeys+2+3*batchBytes/1000 || !errors.Is(last, storagetest.ErrDown) {
			t.Errorf("%v, %v", sizes, last)
		}
	})
}

func asStrings(keys []variant.Key) (texts []string) {
	for _, key := range keys {
		texts = append(texts, string(key))
	}
	return texts
}
