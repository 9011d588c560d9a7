package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
)

// Waiting returns the number of waiters for a key.
func (f *Flight[T]) Waiting(key string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.calls[key]; ok {
		return c.waiters
	}
	return 0
}

// Len returns the number of keys with waiters.
func (f *Flight[T]) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// answer is what a call of Do returned.
type answer struct {
	v      int
	shared bool
	err    error
}

// goDo calls Do in a goroutine.
func goDo(ctx context.Context, f *Flight[int], key string, fn func(context.Context) (int, error)) <-chan answer {
	c := make(chan answer, 1)
	go func() {
		v, shared, err := f.Do(ctx, key, fn)
		c <- answer{v, shared, err}
	}()
	return c
}

// pending reports whether a call of Do has not returned. Call synctest.Wait before.
func pending(c <-chan answer) bool { return len(c) == 0 }

// wantIdle fails the test if the Flight has any call left.
func wantIdle(t *testing.T, f *Flight[int]) {
	t.Helper()
	if n := f.Len(); n != 0 {
		t.Errorf("Len = %d after all is done", n)
	}
}

func TestFlightCoalesces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		var runs atomic.Int32
		open := make(chan struct{})
		work := func(context.Context) (int, error) {
			<-open
			return int(runs.Add(1)), nil
		}
		var calls []<-chan answer
		for range 10 {
			calls = append(calls, goDo(t.Context(), &f, "k", work))
		}
		synctest.Wait()
		if f.Waiting("k") != 10 || f.Waiting("other") != 0 || f.Len() != 1 {
			t.Errorf("Waiting = %d, other %d, Len = %d", f.Waiting("k"), f.Waiting("other"), f.Len())
		}
		close(open)
		shared := 0
		for _, c := range calls {
			a := <-c
			if a.v != 1 || a.err != nil {
				t.Errorf("Do = %+v, want the first run's 1", a)
			}
			if a.shared {
				shared++
			}
		}
		if shared != 9 {
			t.Errorf("%d were shared, want all but the first", shared)
		}
		wantIdle(t, &f)
		if a := <-goDo(t.Context(), &f, "k", work); a != (answer{2, false, nil}) {
			t.Errorf("Do after all is done = %+v, want a new run", a)
		}
	})
}

func TestFlightKeysAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		stuck := make(chan struct{})
		one := goDo(t.Context(), &f, "one", func(context.Context) (int, error) { <-stuck; return 1, nil })
		synctest.Wait()
		if a := <-goDo(t.Context(), &f, "two", func(context.Context) (int, error) { return 2, nil }); a != (answer{2, false, nil}) {
			t.Errorf("Do(two) = %+v", a)
		}
		close(stuck)
		if a := <-one; a != (answer{1, false, nil}) {
			t.Errorf("Do(one) = %+v", a)
		}
	})
}

func TestFlightError(t *testing.T) {
	t.Parallel()
	var f Flight[int]
	v, shared, err := f.Do(t.Context(), "k", func(context.Context) (int, error) { return 7, io.ErrUnexpectedEOF })
	if v != 7 || shared || err != io.ErrUnexpectedEOF {
		t.Errorf("Do = %d, %v, %v, want what the work returned", v, shared, err)
	}
	wantIdle(t, &f)
}

// TestFlightOneLeaves also has the first caller leave.
func TestFlightOneLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		first, leave := context.WithCancel(t.Context())
		open := make(chan struct{})
		work := func(ctx context.Context) (int, error) {
			<-open
			return 1, ctx.Err()
		}
		a := goDo(first, &f, "k", work)
		synctest.Wait()
		b := goDo(t.Context(), &f, "k", work)
		synctest.Wait()
		leave()
		synctest.Wait()
		if pending(a) {
			t.Fatal("the one whose context is done still waits")
		}
		if got := <-a; got != (answer{0, false, context.Canceled}) {
			t.Errorf("the one who left got %+v", got)
		}
		if !pending(b) || f.Waiting("k") != 1 {
			t.Fatalf("the other one left too: Waiting = %d", f.Waiting("k"))
		}
		close(open)
		if got := <-b; got != (answer{1, true, nil}) {
			t.Errorf("the one who stayed got %+v, want 1 and work that is not cancelled", got)
		}
		wantIdle(t, &f)
	})
}

func TestFlightLastLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		cancelled := make(chan error, 1)
		work := func(ctx context.Context) (int, error) {
			<-ctx.Done()
			cancelled <- ctx.Err()
			return 0, ctx.Err()
		}
		early, cancelEarly := context.WithTimeout(t.Context(), time.Second)
		defer cancelEarly()
		late, cancelLate := context.WithTimeout(t.Context(), time.Minute)
		defer cancelLate()
		a, b := goDo(early, &f, "k", work), goDo(late, &f, "k", work)
		if got := <-a; got.err != context.DeadlineExceeded {
			t.Errorf("the early one got %+v", got)
		}
		synctest.Wait()
		if len(cancelled) != 0 {
			t.Fatal("the work was cancelled with somebody waiting")
		}
		if got := <-b; got.err != context.DeadlineExceeded {
			t.Errorf("the late one got %+v", got)
		}
		if err := <-cancelled; err != context.Canceled {
			t.Errorf("the work's context ended with %v", err)
		}
		wantIdle(t, &f)
	})
}

// TestFlightAbandonedIsNotJoined has a cancelled run that takes long to return.
func TestFlightAbandonedIsNotJoined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		ctx, leave := context.WithCancel(t.Context())
		unwind, open := make(chan struct{}), make(chan struct{})
		old := goDo(ctx, &f, "k", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			<-unwind
			return 1, ctx.Err()
		})
		synctest.Wait()
		leave()
		<-old
		work := func(ctx context.Context) (int, error) {
			<-open
			return 2, ctx.Err()
		}
		fresh := goDo(t.Context(), &f, "k", work)
		synctest.Wait()
		close(unwind) // the old run ends, and must not take the new one along
		synctest.Wait()
		joined := goDo(t.Context(), &f, "k", work)
		synctest.Wait()
		if got := f.Waiting("k"); got != 2 {
			t.Errorf("Waiting = %d, want 2", got)
		}
		close(open)
		if got := <-fresh; got != (answer{2, false, nil}) {
			t.Errorf("the newcomer got %+v, want a run of its own", got)
		}
		if got := <-joined; got != (answer{2, true, nil}) {
			t.Errorf("who joined it got %+v", got)
		}
		wantIdle(t, &f)
	})
}

type ctxKey struct{}

func TestFlightContext(t *testing.T) {
	t.Parallel()
	var f Flight[int]
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), ctxKey{}, 42), time.Hour)
	defer cancel()
	v, _, err := f.Do(ctx, "k", func(ctx context.Context) (int, error) {
		if d, ok := ctx.Deadline(); ok {
			return 0, fmt.Errorf("the work has the first caller's deadline %v", d)
		}
		return ctx.Value(ctxKey{}).(int), nil
	})
	if v != 42 || err != nil {
		t.Errorf("Do = %d, %v, want the value of the caller's context", v, err)
	}
}

func TestFlightContextEndsWithTheWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		var kept context.Context
		_, _, _ = f.Do(t.Context(), "k", func(ctx context.Context) (int, error) { kept = ctx; return 0, nil })
		synctest.Wait()
		if kept.Err() != context.Canceled {
			t.Errorf("after the work its context's Err = %v, want it released", kept.Err())
		}
	})
}

func TestFlightDoneBefore(t *testing.T) {
	t.Parallel()
	var f Flight[int]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, shared, err := f.Do(ctx, "k", func(context.Context) (int, error) {
		t.Error("the work was started for nobody")
		return 0, nil
	})
	if err != context.Canceled || shared {
		t.Errorf("Do = %v, %v", shared, err)
	}
}

// bothOf runs work for two callers and returns what they got.
func bothOf(t *testing.T, work func()) (a, b answer) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var f Flight[int]
		open := make(chan struct{})
		fn := func(context.Context) (int, error) {
			<-open
			work()
			return 1, nil
		}
		first, second := goDo(t.Context(), &f, "k", fn), goDo(t.Context(), &f, "k", fn)
		synctest.Wait()
		close(open)
		a, b = <-first, <-second
		wantIdle(t, &f)
	})
	return a, b
}

func explode() { panic("boom") }

func TestFlightPanic(t *testing.T) {
	t.Parallel()
	a, b := bothOf(t, explode)
	for _, got := range []answer{a, b} {
		p, ok := errors.AsType[*panics.Error](got.err)
		if !ok {
			t.Fatalf("Do = %+v, want a *panics.Error", got)
		}
		if p.Value != "boom" || p.Error() != "panic: boom" || p.Unwrap() != nil {
			t.Errorf("panics.Error: Value %v, Error %q, Unwrap %v", p.Value, p.Error(), p.Unwrap())
		}
		if !strings.Contains(string(p.Stack), "cache.explode") {
			t.Errorf("the stack does not show who panicked:\n%s", p.Stack)
		}
	}
}

func TestFlightPanicWithError(t *testing.T) {
	t.Parallel()
	a, _ := bothOf(t, func() { panic(io.ErrClosedPipe) })
	if !errors.Is(a.err, io.ErrClosedPipe) {
		t.Errorf("Do = %v, want the error that it panicked with", a.err)
	}
	a, _ = bothOf(t, func() { panic(nil) }) //nolint // a panic that many forget
	if _, ok := errors.AsType[*runtime.PanicNilError](a.err); !ok {
		t.Errorf("Do after panic(nil) = %v", a.err)
	}
}

func TestFlightGoexit(t *testing.T) {
	t.Parallel()
	a, b := bothOf(t, runtime.Goexit)
	if a.err != ErrGoexit || b.err != ErrGoexit {
		t.Errorf("Do = %v and %v, want ErrGoexit", a.err, b.err)
	}
}

// TestFlightAtOnce has callers come and leave for a few keys, for the race detector, and
// checks that work with waiters is never cancelled.
func TestFlightAtOnce(t *testing.T) {
	t.Parallel()
	var f Flight[int]
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 300 {
				ctx, leave := context.WithCancel(t.Context())
				impatient := (w+i)%3 == 0
				if impatient {
					go leave()
				}
				key := fmt.Sprint(i % 4)
				v, _, err := f.Do(ctx, key, func(ctx context.Context) (int, error) {
					runtime.Gosched()
					return i % 4, ctx.Err()
				})
				if (err != nil || v != i%4) && !(impatient && err == context.Canceled) {
					t.Errorf("Do(%s) = %d, %v", key, v, err)
				}
				leave()
			}
		})
	}
	wg.Wait()
	wantIdle(t, &f)
}

func BenchmarkFlight(b *testing.B) {
	var f Flight[int]
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := f.Do(b.Context(), "k", func(context.Context) (int, error) { return 1, nil }); err != nil {
			b.Fatal(err)
		}
	}
}
