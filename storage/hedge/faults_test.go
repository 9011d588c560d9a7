package hedge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// TestFaults asks a chain of mirrors for objects while its backends fail in all
// ways at random. Whatever happens, no wrong byte is given, "no such object" is
// said of none that there is, no body stays open and nothing goes on running.
func TestFaults(t *testing.T) {
	t.Parallel()
	outcomes := map[string]int{}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runFaults(t, seed, outcomes) })
		})
	}
	for _, outcome := range []string{"whole", "cut", "missing", "unavailable", "left"} {
		if outcomes[outcome] < 10 {
			t.Errorf("%d are %s, so that the test says little: %v", outcomes[outcome], outcome, outcomes)
		}
	}
}

// versions are what may be under a key at one time or another, all of one size,
// so that only their versions tell them apart.
func versions(key string) [][]byte {
	all := make([][]byte, 3)
	for i := range all {
		all[i] = bytes.Repeat(fmt.Appendf(nil, "%s%d", key, i), 1000)
	}
	return all
}

// faulty is the chain and what it is made of.
type faulty struct {
	chain          storage.Origin
	breakers       []*breaker.Origin
	near, far, old *storagetest.Fake
}

func newFaulty() *faulty {
	f := &faulty{near: storagetest.Named("near"), far: storagetest.Named("far"), old: storagetest.Named("old")}
	for _, key := range []string{"a", "b", "c"} {
		f.near.Put(key, versions(key)[0])
		f.far.Put(key, versions(key)[0])
	}
	f.old.Put("z", versions("z")[0])
	after := func() time.Duration { return 50 * time.Millisecond }
	f.breakers = []*breaker.Origin{withBreaker(f.near), withBreaker(f.far), withBreaker(f.old)}
	f.chain = storage.Chain(
		hedge.Mirrors(after, hedge.Observer{}, f.breakers[0], f.breakers[1]),
		mirrors(f.breakers[2]),
	)
	return f
}

func runFaults(t *testing.T, seed uint64, outcomes map[string]int) {
	f := newFaulty()
	over := make(chan struct{})
	var mischief, clients, probes sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	probes.Go(func() { breaker.ProbeLoop(ctx, f.breakers...) })
	for i, backend := range []*storagetest.Fake{f.near, f.far, f.old} {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		mischief.Go(func() { misbehave(t, random, backend, over) })
	}
	var mu sync.Mutex
	for i := range 8 {
		random := rand.New(rand.NewPCG(seed, uint64(100+i)))
		clients.Go(func() {
			for range 150 {
				key := []string{"a", "b", "c", "z", "missing"}[random.IntN(5)]
				outcome := f.ask(t, random, key)
				mu.Lock()
				outcomes[outcome]++
				mu.Unlock()
				time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
			}
		})
	}
	clients.Wait()
	close(over)
	mischief.Wait()
	synctest.Wait()
	if n := f.near.Unclosed() + f.far.Unclosed() + f.old.Unclosed(); n != 0 {
		t.Errorf("%d bodies are open", n)
	}
	time.Sleep(4 * time.Second)
	for _, key := range []string{"a", "z"} {
		if outcome := f.ask(t, nil, key); outcome != "whole" {
			t.Errorf("%s is %s when all is well again", key, outcome)
		}
	}
	cancel()
	probes.Wait()
}

// ask asks for a key as a client that may leave, and checks what it gets.
func (f *faulty) ask(t *testing.T, random *rand.Rand, key string) string {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	if random != nil && random.IntN(8) == 0 {
		time.AfterFunc(time.Duration(random.IntN(300))*time.Millisecond, cancel)
	}
	object, err := f.chain.Open(ctx, key, storage.Version{})
	var got []byte
	if err == nil {
		got, err = io.ReadAll(object.Body)
		_ = object.Body.Close()
	}
	right, begun := false, len(got) == 0
	for _, version := range versions(key) {
		right = right || bytes.Equal(got, version)
		begun = begun || bytes.HasPrefix(version, got)
	}
	switch {
	case !begun || err == nil && !right:
		t.Errorf("%s: %d wrong bytes, %v", key, len(got), err)
	case err == nil:
		return "whole"
	case ctx.Err() != nil:
		return "left"
	case errors.Is(err, storage.ErrNotFound):
		if key != "missing" || errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v", key, err)
		}
		return "missing"
	case !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.Canceled):
		t.Errorf("%s: %v", key, err)
	case len(got) > 0:
		return "cut"
	}
	return "unavailable"
}

// misbehave has a backend fail in one way after the other, with good times between.
func misbehave(t *testing.T, random *rand.Rand, backend *storagetest.Fake, over <-chan struct{}) {
	cause := storage.Unavailable(t.Context(), backend.String(), errors.New("connection reset"))
	for {
		undo := func() {}
		key := []string{"a", "b", "c", "z"}[random.IntN(4)]
		switch random.IntN(9) {
		case 0:
			backend.FailAll(cause)
			undo = func() { backend.FailAll(nil) }
		case 1:
			backend.FailNext(1+random.IntN(10), cause)
			undo = func() { backend.FailNext(0, nil) }
		case 2:
			backend.FailAll(fmt.Errorf("%w: HTTP 403", storage.ErrRefused))
			undo = func() { backend.FailAll(nil) }
		case 3, 4:
			backend.BreakNext(key, random.IntN(2000), 1+random.IntN(4))
			undo = func() { backend.BreakNext(key, -1, 0) }
		case 5:
			backend.Delay(time.Duration(random.IntN(4000)) * time.Millisecond)
			undo = func() { backend.Delay(0) }
		case 6:
			undo = backend.Hang()
		case 7:
			undo = backend.HoldBodies()
		case 8:
			backend.Announce(key, int64(random.IntN(2500)))
			undo = func() { backend.Announce(key, int64(len(versions(key)[0]))) }
		}
		if backend.Opens(key) > 0 && random.IntN(3) == 0 && (key == "z") == (backend.String() == "old") {
			backend.Put(key, versions(key)[random.IntN(3)])
		}
		select {
		case <-time.After(time.Duration(random.IntN(2000)) * time.Millisecond):
			undo()
		case <-over:
			undo()
			return
		}
	}
}
