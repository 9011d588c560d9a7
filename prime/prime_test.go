package prime_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

func variants(t *testing.T, all ...string) (variants []prime.Variant) {
	t.Helper()
	for _, ops := range all {
		variants = append(variants, prime.Variant{Variant: parse(t, ops)})
	}
	return variants
}

// prime primes, and checks the numbers and what the engine did.
func (m *largeFixture) prime(t *testing.T, key variant.Key, all []prime.Variant, made, there, failed int, engine ...string) error {
	t.Helper()
	r := m.Prime(t.Context(), key, all)
	if r.Made != made || r.Exist != there || r.Failed != failed || (r.Err != nil) != (failed > 0) {
		t.Errorf("primed %+v, want %d made, %d there, %d failed", r, made, there, failed)
	}
	m.engine.Want(t, "priming", engine...)
	return r.Err
}

// All derivatives of a picture and its mezzanine take one fetch and one decode; those
// that exist take nothing; later ones are made from the mezzanine, as far as it is
// large enough.
func TestPrimeTogether(t *testing.T) {
	m := newLargeFixture(t)
	all := variants(t, "300x", "60x", "60x,f_webp", "40x40,g_ne", "60x,v_2")
	m.prime(t, "big.jpg", all, 5, 0, 0, "640>300,60,60webp,53,200", "640>60,200")
	if n := m.origin.TotalOpens(); n != 2 {
		t.Errorf("%d fetches, want one for each cache buster", n)
	}
	if m.derivatives.Len() != 5 || m.mezzanines.Len() != 2 {
		t.Errorf("%d derivatives and %d mezzanines are there", m.derivatives.Len(), m.mezzanines.Len())
	}
	m.prime(t, "big.jpg", all, 0, 5, 0)
	m.want(t, "big.jpg", "60x", pipeline.FromMemory, 60, 45)
	m.prime(t, "big.jpg", variants(t, "60x", "20x", "400x", "24x"), 3, 1, 0, "200>20,24", "640>400")
	m.want(t, "big.jpg", "24x", pipeline.FromMemory, 24, 18)
	m.prime(t, "cat.jpg", variants(t, "20x", "40x"), 2, 0, 0, "80>20,40")
	m.prime(t, "cat.jpg", nil, 0, 0, 0)
}

// With the original purged and its origin down, the mezzanine is used.
func TestPrimeOfMezzanine(t *testing.T) {
	m := newLargeFixture(t)
	m.prime(t, "big.jpg", variants(t, "60x"), 1, 0, 0, "640>60,200")
	m.purge(t, "big.jpg")
	m.down()
	err := m.prime(t, "big.jpg", variants(t, "20x", "400x", "24x"), 2, 0, 1, "200>20,24")
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("what needs the original: %v", err)
	}
}

// Derivatives that share no decode are made by themselves, with low priority.
func TestPrimeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Render.Gate = gate.New(1, 1<<22, 1) })
		m.engine.Inner = resize.Rect{Width: 640, Height: 480}
		release := m.engine.Hold("80>40", "80>41")
		var all sync.WaitGroup
		for _, w := range []int{40, 41} { // one more would be refused
			all.Go(func() { m.want(t, "cat.jpg", fmt.Sprintf("%dx", w), pipeline.Made, w, (w*3+2)/4) })
			synctest.Wait()
		}
		primed := make(chan prime.Result, 1)
		go func() { primed <- m.Prime(t.Context(), "big.jpg", variants(t, "info", "40x40,g_smart")) }()
		synctest.Wait()
		if n := m.originals.Unclosed(); n != 2 || m.engine.Looks() != 0 {
			t.Errorf("%d originals are open, want those of who waits, and %d were looked at", n, m.engine.Looks())
		}
		release()
		if r := <-primed; r.Made != 2 {
			t.Errorf("primed %+v", r)
		}
		all.Wait()
		synctest.Wait()
		m.engine.Take()
		m.prime(t, "big.jpg", variants(t, "info", "40x40,g_smart"), 0, 2, 0)
	})
}

// Requests go first, also if they come later; and what is queued has nothing open.
func TestPrimeLetsOthersGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t, func(c *pipeline.Config) {
			c.Render.Gate, c.Originals.Fetches = gate.New(1, 1<<22, 10), gate.New(1, 0, 10)
		})
		release := m.engine.Hold("80>40")
		var all sync.WaitGroup
		live := func(w int) {
			all.Go(func() { m.want(t, "cat.jpg", fmt.Sprintf("%dx", w), pipeline.Made, w, w*3/4) })
			synctest.Wait()
		}
		live(40)
		all.Go(func() { m.Prime(t.Context(), "big.jpg", variants(t, "60x", "300x")) })
		synctest.Wait()
		if n := m.originals.Unclosed() + m.mezzanines.Unclosed() + m.origin.Unclosed(); n != 1 {
			t.Errorf("%d are open, want that which is worked on", n)
		}
		live(20)
		release()
		all.Wait()
		if made := m.engine.Take(); !slices.Equal(made, []string{"80>40", "80>20", "640>60,300,200"}) {
			t.Errorf("made in the order %q", made)
		}

		// So it is with fetches.
		unhold := m.origin.Hold()
		for _, key := range []variant.Key{"dog.jpg", "text.jpg"} {
			all.Go(func() { m.ask(t.Context(), t, key, "40x") })
			synctest.Wait()
		}
		m.origin.Put("new.jpg", picture(80, 60))
		all.Go(func() { m.Prime(t.Context(), "new.jpg", variants(t, "60x")) })
		synctest.Wait()
		if running, waiting := m.Originals.Fetches.Load(); running != 1 || waiting != 1 {
			t.Errorf("%d fetch and %d wait", running, waiting)
		}
		unhold()
		all.Wait()
		m.engine.Want(t, "after the fetches", "60>40", "80>60")
	})
}

func TestPrimeFails(t *testing.T) {
	full := func(m *largeFixture) { m.originals.FailFill(syscall.ENOSPC) }
	engine := func(err error) func(*largeFixture) {
		return func(m *largeFixture) { m.engine.SetStop(func(context.Context, string) error { return err }) }
	}
	tests := []struct {
		name         string
		key          variant.Key
		set          func(*largeFixture)
		made, failed int
		kind         error
	}{
		{"missing", "no.jpg", nil, 0, 5, storage.ErrNotFound},
		{"down", "big.jpg", (*largeFixture).down, 0, 5, storage.ErrUnavailable},
		{"read-only", "big.jpg", func(m *largeFixture) { m.Originals.SetReadOnly(true) }, 0, 5, originals.ErrReadOnly},
		{"a text", "text.jpg", nil, 0, 5, header.ErrNotPicture},
		{"cut short", "broken.jpg", nil, 0, 5, header.ErrBroken},
		{"broken inside", "big.jpg", engine(header.ErrBroken), 0, 5, header.ErrBroken},
		{"one variant is too large", "big.jpg", nil, 4, 1, header.ErrTooLarge},
		{"no room for originals", "big.jpg", full, 0, 5, cache.ErrNotKept},
		{"no room for derivatives", "big.jpg", func(m *largeFixture) { m.derivatives.FailFill(syscall.ENOSPC) }, 0, 5, cache.ErrNotKept},
		{"no room for mezzanines", "cat.jpg", func(m *largeFixture) { m.mezzanines.FailFill(syscall.ENOSPC) }, 4, 1, header.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newLargeFixture(t)
			if tt.set != nil {
				tt.set(m)
			}
			r := m.Prime(t.Context(), tt.key, variants(t, "60x", "info", "40x", "4000x4000,up_1", "20x,v_2"))
			if r.Made != tt.made || r.Failed != tt.failed || r.Exist != 0 || r.Err == nil {
				t.Errorf("primed %+v, want %d and %d", r, tt.made, tt.failed)
			}
			if tt.made == 0 && !errors.Is(r.Err, tt.kind) && !errors.Is(r.Err, header.ErrTooLarge) {
				t.Errorf("the error is %v, want %v", r.Err, tt.kind)
			}
		})
	}
}

// A panic of the engine is an error of that picture.
func TestPrimePanics(t *testing.T) {
	m := newLargeFixture(t)
	m.engine.SetStop(func(context.Context, string) error { panic("sad") })
	for range 2 {
		r := m.Prime(t.Context(), "big.jpg", variants(t, "60x", "info", "40x"))
		if _, ok := errors.AsType[*panics.Error](r.Err); !ok || r.Failed != 3 || r.Made != 0 {
			t.Errorf("primed %+v", r)
		}
	}
	if running, _ := m.Render.Gate.Load(); running != 0 {
		t.Errorf("%d workers are lost", running)
	}
}

// Nothing made from a broken original is kept, though it is served.
func TestPrimeBroken(t *testing.T) {
	m := newLargeFixture(t, func(c *pipeline.Config) { c.ServeBroken = true })
	m.engine.Fail, m.engine.Half = header.ErrBroken, picture(40, 30)
	if r := m.Prime(t.Context(), "big.jpg", variants(t, "60x", "50x", "40x,trim")); r.Failed != 3 || !errors.Is(r.Err, header.ErrBroken) {
		t.Errorf("primed %+v", r)
	}
	if n := m.derivatives.Len() + m.mezzanines.Len() + m.originals.Len(); n != 0 {
		t.Errorf("%d bodies are kept", n)
	}
}

// When ctx ends, what was made is counted, and the rest is not made.
func TestPrimeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		m.engine.Hold("640>60,40,200")
		ctx, cancel := context.WithCancel(t.Context())
		primed := make(chan prime.Result, 1)
		go func() { primed <- m.Prime(ctx, "big.jpg", variants(t, "60x", "40x")) }()
		synctest.Wait()
		cancel()
		if r := <-primed; r.Failed != 2 || !errors.Is(r.Err, context.Canceled) {
			t.Errorf("primed %+v", r)
		}
		if running, _ := m.Render.Gate.Load(); running != 0 {
			t.Errorf("%d workers are lost", running)
		}
	})
}

// A batch may take as long as its derivatives together.
func TestPrimeTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		m.engine.Hold("640>60,40,200")
		began := time.Now()
		r := m.Prime(t.Context(), "big.jpg", variants(t, "60x", "40x"))
		if took := time.Since(began); r.Failed != 2 || !errors.Is(r.Err, resize.ErrTooSlow) || took != 3*time.Minute {
			t.Errorf("primed %+v after %v", r, took)
		}
	})
}

// A picture that is forgotten while it is primed is not cached.
func TestForgetWhilePriming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		release := m.engine.Hold("640>60,40,200")
		primed := make(chan prime.Result, 1)
		go func() { primed <- m.Prime(t.Context(), "big.jpg", variants(t, "60x", "40x")) }()
		synctest.Wait()
		if _, err := m.Forget("big.jpg"); err != nil {
			t.Fatal(err)
		}
		release()
		if r := <-primed; r.Failed != 2 || !errors.Is(r.Err, cache.ErrNotKept) {
			t.Errorf("primed %+v", r)
		}
		if n := m.derivatives.Len() + m.mezzanines.Len(); n != 0 {
			t.Errorf("%d bodies are kept", n)
		}
	})
}

// Derivatives that requests have made while priming was queued are not made again, and
// an original that was purged meanwhile is fetched again.
func TestPrimeAfterOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Render.Gate = gate.New(1, 1<<22, 10) })
		release := m.engine.Hold("640>60")
		var all sync.WaitGroup
		all.Go(func() { m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45) })
		synctest.Wait()
		primed := make(chan prime.Result, 2)
		go func() { primed <- m.Prime(t.Context(), "big.jpg", variants(t, "60x", "300x")) }()
		synctest.Wait()
		all.Go(func() { m.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15) })
		synctest.Wait()
		next := m.engine.Hold("80>20")
		release()
		synctest.Wait() // the first is kept
		next()
		all.Wait()
		if r := <-primed; r.Made != 1 || r.Exist != 1 {
			t.Errorf("primed %+v", r)
		}
		synctest.Wait()
		m.engine.Want(t, "in all", "640>60", "80>20", "640>300,200")

		release = m.engine.Hold("80>40")
		all.Go(func() { m.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30) })
		synctest.Wait()
		go func() { primed <- m.Prime(t.Context(), "big.jpg", variants(t, "304x")) }()
		go func() { primed <- m.Prime(t.Context(), "dog.jpg", variants(t, "20x")) }()
		synctest.Wait()
		m.purge(t, "big.jpg")
		m.purge(t, "dog.jpg")
		release()
		all.Wait()
		for range 2 {
			if r := <-primed; r.Made != 1 {
				t.Errorf("purged while it waited: %+v", r)
			}
		}
		m.engine.Want(t, "in all", "80>40", "640>304", "60>20")
	})
}

// Priming waits for a mezzanine that is being made.
func TestPrimeJoinsMezzanine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		release := m.engine.Hold("640>200")
		m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
		synctest.Wait()
		primed := make(chan prime.Result, 1)
		go func() { primed <- m.Prime(t.Context(), "big.jpg", variants(t, "40x", "20x")) }()
		synctest.Wait()
		release()
		if r := <-primed; r.Made != 2 {
			t.Errorf("primed %+v", r)
		}
		m.engine.Want(t, "in all", "640>60", "640>200", "200>40,20")
	})
}

// A mezzanine that is damaged on disk is not used.
func TestPrimeDamagedMezzanine(t *testing.T) {
	m := newLargeFixture(t)
	m.prime(t, "big.jpg", variants(t, "60x"), 1, 0, 0, "640>60,200")
	m.engine.SetStop(func(_ context.Context, what string) error {
		if what == "200>40,20" {
			return fmt.Errorf("%w: its pixels", header.ErrBroken)
		}
		return nil
	})
	m.prime(t, "big.jpg", variants(t, "40x", "20x"), 2, 0, 0, "200>40,20", "640>40,20,200")
	m.engine.SetStop(nil)
	m.prime(t, "big.jpg", variants(t, "30x"), 1, 0, 0, "200>30")
}

// Derivatives of an original that has changed are made anew.
func TestPrimeRevalidates(t *testing.T) {
	for name, after := range map[string]time.Duration{"young": time.Hour, "very old": 30 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t, revalidating)
				m.prime(t, "big.jpg", variants(t, "60x", "40x"), 2, 0, 0, "640>60,40,200")
				m.origin.Put("big.jpg", picture(640, 320))
				m.origin.SetModTime("big.jpg", time.Now().UTC().Truncate(time.Second))
				pass(after)
				if name == "young" {
					m.prime(t, "big.jpg", variants(t, "60x", "40x"), 0, 2, 0)
					return
				}
				m.prime(t, "big.jpg", variants(t, "60x", "40x"), 2, 0, 0, "640>60,40,200")
				m.want(t, "big.jpg", "40x", pipeline.FromMemory, 40, 20)
			})
		})
	}
}

func keys(n int, err error) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		for i := range n {
			if !yield(pet(i), nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

// Pictures are primed in parallel, each is reported once, and the error of the keys
// comes last.
func TestPrimeAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin, sad := pets(9), errors.New("sad")
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Originals.Origin = origin })
		release := origin.Hold()
		var told []variant.Key
		ended := make(chan error, 1)
		go func() {
			ended <- m.PrimeAll(t.Context(), keys(10, sad), variants(t, "40x"), 3, func(key variant.Key, r prime.Result) {
				told = append(told, key)
				if failed := key == pet(9); r.Failed == 1 != failed || r.Made == 1 == failed {
					t.Errorf("%s: %+v", key, r)
				}
			})
		}()
		synctest.Wait()
		if n := origin.TotalOpens(); n != 3 {
			t.Errorf("%d at once, want 3", n)
		}
		release()
		if err := <-ended; err != sad {
			t.Errorf("it ends with %v", err)
		}
		slices.Sort(told)
		if want := slices.Collect(func(yield func(variant.Key) bool) {
			keys(10, nil)(func(k variant.Key, _ error) bool { return yield(k) })
		}); !slices.Equal(told, want) {
			t.Errorf("told of %v", told)
		}
	})
}

// It ends with ctx, when nothing is running any more.
func TestPrimeAllEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin := pets(9)
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Originals.Origin = origin })
		origin.Hold()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- m.PrimeAll(ctx, keys(9, nil), variants(t, "40x"), 2, func(key variant.Key, r prime.Result) {
				t.Errorf("told of %s: %+v", key, r)
			})
		}()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
		synctest.Wait()
		if n := origin.TotalOpens(); n != 2 {
			t.Errorf("%d were begun, want 2", n)
		}
	})
}

// A Queue primes one picture after the other, until ctx ends.
func TestPrimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin := pets(3)
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Originals.Origin = origin })
		primer := m.NewQueue([]variant.Variant{parse(t, "40x"), parse(t, "20x,f_auto")})
		release := origin.Hold()
		for i := range 3 {
			primer.Add(pet(i))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); primer.Run(ctx) }()
		synctest.Wait()
		if primer.Waiting() != 2 || origin.TotalOpens() != 1 {
			t.Errorf("%d wait, and %d are being fetched", primer.Waiting(), origin.TotalOpens())
		}
		release()
		synctest.Wait()
		if n := m.derivatives.Len(); n != 3*4 {
			t.Errorf("%d derivatives, want 4 of each", n)
		}
		for n := 0; primer.Add("no.jpg"); n++ {
			if n > 20_000 {
				t.Fatal("the queue has no end")
			}
		}
		cancel()
		<-ended
	})
}

func TestVariants(t *testing.T) {
	const webp, avif, jxl = variant.AcceptWebP, variant.AcceptAVIF, variant.AcceptJXL
	both := []variant.Format{variant.WebP, variant.AVIF}
	const small, large = "40x,f_auto", "1200x,f_auto"
	tests := []struct {
		name, ops  string
		auto, made []variant.Format
		all        bool
		want       []variant.Accept
	}{
		{"all", small, nil, both, true, []variant.Accept{webp | avif, webp, 0}},
		{"all, named", small, both, both, true, []variant.Accept{webp | avif, webp, 0}},
		{"only WebP", small, []variant.Format{variant.WebP}, both, true, []variant.Accept{webp, 0}},
		{"only AVIF", small, []variant.Format{variant.AVIF}, both, true, []variant.Accept{avif, 0}},
		{"none", small, []variant.Format{}, both, true, []variant.Accept{0}},
		{"AVIF cannot be written", small, nil, []variant.Format{variant.WebP}, true, []variant.Accept{webp, 0}},
		{"programs", small, nil, both, false, []variant.Accept{0}},
		{"JPEG XL, where AVIF may be too large", large, nil, append(both, variant.JXL), true, []variant.Accept{webp | avif | jxl, webp | avif, webp, 0}},
		{"JPEG XL, where it is AVIF anyway", small, nil, append(both, variant.JXL), true, []variant.Accept{webp | avif, webp, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newLargeFixture(t, func(c *pipeline.Config) {
				c.Render.Settings.Auto = tt.auto
				c.Render.Settings.CanWrite = func(f variant.Format) bool { return f == variant.JPEG || slices.Contains(tt.made, f) }
			})
			auto, plain := parse(t, tt.ops), parse(t, "40x")
			var want []prime.Variant
			for _, a := range tt.want {
				want = append(want, prime.Variant{Variant: auto, Accept: a})
			}
			want = append(want, prime.Variant{Variant: plain})
			if got := m.Variants([]variant.Variant{auto, plain, auto}, tt.all); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// A primed picture is a hit for every kind of browser.
func TestPrimedIsHit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture(func(c *pipeline.Config) {
			c.Render.Settings.Auto = []variant.Format{variant.AVIF, variant.WebP}
			c.Render.Settings.CanWrite = func(variant.Format) bool { return true }
			c.Render.Settings.AVIFMaxPixels = 1 << 20
		})
		h.resizer.Formats = []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF}
		primer := h.NewQueue([]variant.Variant{parse(t, "40x"), parse(t, "20x,f_auto")})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { primer.Run(ctx); close(done) }()
		if !primer.Add("missing.jpg") || !primer.Add("cat.jpg") {
			t.Error("the queue is full")
		}
		synctest.Wait()
		if h.derivatives.Len() != 4 || primer.Waiting() != 0 {
			t.Errorf("%d derivatives are made, want 4; %d wait", h.derivatives.Len(), primer.Waiting())
		}
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		for _, a := range []variant.Accept{0, variant.AcceptWebP, variant.AcceptWebP | variant.AcceptAVIF} {
			r, err := h.Picture(t.Context(), "cat.jpg", parse(t, "20x,f_auto"), a)
			if err != nil || r.Source != pipeline.FromMemory {
				t.Errorf("for %v: %+v, %v", a, r, err)
			}
		}
		stop()
		<-done
	})
}
