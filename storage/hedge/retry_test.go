package hedge_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// breakOpen makes the circuit breaker of a fake.
func breakOpen(t *testing.T, g *breaker.Origin, f *storagetest.Fake) {
	f.FailAll(storagetest.Refused())
	for !g.Down() {
		_ = open(t.Context(), g, "key")
	}
}

// TestMirrorsRetry: a backend that failed once is asked once more when no other can
// help, and no other is.
func TestMirrorsRetry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		has   []string // of backends 0, 1, 2: as for tell, or "fails N", or "open" of a breaker
		want  string   // the backend that serves; "" for none
		kind  error
		asked []int
	}{
		{"the second is down", []string{"fails 1", "open"}, "0", nil, []int{2, 0}},
		{"the second lags behind", []string{"fails 1", "no"}, "0", nil, []int{2, 1}},
		{"the second refuses", []string{"fails 1", "refuses"}, "0", nil, []int{2, 1}},
		{"the second fails, too", []string{"fails 1", "fails 1"}, "1", nil, []int{1, 2}},
		{"the second fails again", []string{"fails 1", "fails 2"}, "", storage.ErrUnavailable, []int{1, 2}},
		{"the third is down", []string{"no", "fails 1", "open"}, "", storage.ErrNotFound, []int{1, 0, 0}},
		{"the first is down", []string{"open", "fails 1", "no"}, "1", nil, []int{0, 2, 1}},
		{"two failed once", []string{"fails 2", "fails 1", "no"}, "1", nil, []int{1, 2, 1}},
		{"it fails again", []string{"fails 2", "no"}, "", storage.ErrUnavailable, []int{2, 1}},
		{"all say no then", []string{"fails 1, no", "no"}, "", storage.ErrNotFound, []int{2, 1}},
		{"it says no then, and another could not say", []string{"fails 1, no", "open"}, "", storage.ErrUnavailable, []int{2, 0}},
		{"it refuses", []string{"refuses", "no"}, "", storage.ErrUnavailable, []int{1, 1}},
		{"the second helps", []string{"fails 1", "yes"}, "1", nil, []int{1, 1}},
		{"all are down", []string{"open", "open"}, "", storage.ErrUnavailable, []int{0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var origins []storage.Origin
				var fakes []*storagetest.Fake
				for i, has := range tt.has {
					f := storagetest.Named(fmt.Sprint(i))
					g := withBreaker(f)
					failures := 0
					switch _, err := fmt.Sscanf(has, "fails %d", &failures); {
					case has == "open":
						breakOpen(t, g, f)
					case err == nil:
						f.FailNext(failures, storagetest.Refused())
						if !strings.HasSuffix(has, ", no") {
							f.Behave("yes")
						}
					default:
						f.Behave(has)
					}
					fakes, origins = append(fakes, f), append(origins, g)
				}
				before := make([]int, len(fakes))
				for i, f := range fakes {
					before[i] = f.TotalOpens()
				}
				start := time.Now()
				got, err := storagetest.Read(t.Context(), mirrors(origins...), "key")
				if got != tt.want || !errors.Is(err, tt.kind) {
					t.Errorf("%q, %v; want %q, %v", got, err, tt.want, tt.kind)
				}
				for i, f := range fakes {
					if n := f.TotalOpens() - before[i]; n != tt.asked[i] || f.Unclosed() != 0 {
						t.Errorf("backend %d was asked %d times, want %d; %d bodies are open", i, n, tt.asked[i], f.Unclosed())
					}
				}
				if took := time.Since(start); took > 600*time.Millisecond || tt.asked[0] == 2 && took < 100*time.Millisecond {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestMirrorsRetryForNobody: who leaves before the second try gets none.
func TestMirrorsRetryForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, lagging := storagetest.Named("0", "key"), storagetest.Named("1")
		f.FailNext(1, storagetest.Refused())
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := open(ctx, mirrors(withBreaker(f), withBreaker(lagging)), "key")
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, storage.ErrUnavailable) || f.TotalOpens() != 1 {
			t.Errorf("%v after %d attempts", err, f.TotalOpens())
		}
	})
}

// TestBurst: what breaks at once is one failure, and tried again.
func TestBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := storagetest.Named("place", "key")
		g := withBreaker(f)
		f.Delay(50 * time.Millisecond)
		f.FailNext(30, storagetest.Refused())
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				if err := open(t.Context(), mirrors(g), "key"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if g.State() != breaker.Closed || f.TotalOpens() != 60 {
			t.Errorf("state %v after %d attempts", g.State(), f.TotalOpens())
		}
	})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		tell  func(t *testing.T, f *storagetest.Fake)
		key   string
		opens int
		kind  error
	}{
		{"works", func(*testing.T, *storagetest.Fake) {}, "key", 1, nil},
		{"fails once", func(t *testing.T, f *storagetest.Fake) { f.FailNext(1, storagetest.Refused()) }, "key", 2, nil},
		{"fails twice", func(t *testing.T, f *storagetest.Fake) { f.FailNext(2, storagetest.Refused()) }, "key", 2, storage.ErrUnavailable},
		{"is missing", func(*testing.T, *storagetest.Fake) {}, "missing", 1, storage.ErrNotFound},
		{"refuses", func(_ *testing.T, f *storagetest.Fake) { f.FailNext(1, storage.ErrRefused) }, "key", 1, storage.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := storagetest.Named("place", "key")
				tt.tell(t, f)
				start := time.Now()
				storagetest.WantKind(t, open(t.Context(), mirrors(withBreaker(f)), tt.key), tt.kind)
				took := time.Since(start)
				if f.TotalOpens() != tt.opens || tt.opens == 1 && took != 0 ||
					tt.opens == 2 && (took < 100*time.Millisecond || took > 300*time.Millisecond) {
					t.Errorf("%d attempts in %v, want %d", f.TotalOpens(), took, tt.opens)
				}
			})
		})
	}
}

func TestRetriesForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := storagetest.Named("place", "key")
		f.FailNext(1, storagetest.Refused())
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := open(ctx, mirrors(withBreaker(f)), "key")
		if !errors.Is(err, context.DeadlineExceeded) || f.TotalOpens() != 1 {
			t.Errorf("%v after %d attempts", err, f.TotalOpens())
		}
		storagetest.WantKind(t, err, nil)
	})
}
