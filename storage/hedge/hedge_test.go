package hedge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// after300ms is a hedge.
func after300ms() time.Duration { return 300 * time.Millisecond }

func TestHedge(t *testing.T) {
	t.Parallel()
	const never = time.Hour
	tests := []struct {
		name   string
		delays []time.Duration
		has    []string
		want   string
		kind   error
		took   time.Duration
		asked  []int
	}{
		{"quick", []time.Duration{299 * time.Millisecond, 0}, []string{"yes", "yes"}, "0", nil, 299 * time.Millisecond, []int{1, 0}},
		{"slow", []time.Duration{time.Second, 100 * time.Millisecond}, []string{"yes", "yes"}, "1", nil, 400 * time.Millisecond, []int{1, 1}},
		{"slow, but quicker", []time.Duration{350 * time.Millisecond, time.Second}, []string{"yes", "yes"}, "0", nil, 350 * time.Millisecond, []int{1, 1}},
		{"both slow", []time.Duration{time.Second, time.Second, 0}, []string{"yes", "yes", "yes"}, "2", nil, 600 * time.Millisecond, []int{1, 1, 1}},
		{"quickly down", []time.Duration{100 * time.Millisecond, 100 * time.Millisecond}, []string{"down", "yes"}, "1", nil, 200 * time.Millisecond, []int{1, 1}},
		{"slowly down", []time.Duration{400 * time.Millisecond, 200 * time.Millisecond}, []string{"down", "yes"}, "1", nil, 500 * time.Millisecond, []int{1, 1}},
		{"hedge down", []time.Duration{time.Second, 0}, []string{"yes", "down"}, "0", nil, time.Second, []int{1, 1}},
		{"all down", []time.Duration{time.Second, 0}, []string{"down", "down"}, "", storage.ErrUnavailable, time.Second, []int{1, 1}},
		{"a mirror that lags behind", []time.Duration{time.Second, 0}, []string{"yes", "no"}, "0", nil, time.Second, []int{1, 1}},
		{"a mirror that may lag behind", []time.Duration{time.Second, 0, 0}, []string{"down", "no", "yes"}, "2", nil, time.Second, []int{1, 1, 1}},
		{"the first says no", []time.Duration{400 * time.Millisecond, never}, []string{"no", "yes"}, "", storage.ErrNotFound, 400 * time.Millisecond, []int{1, 1}},
		{"the first says no late", []time.Duration{time.Second, 0}, []string{"no", "no"}, "", storage.ErrNotFound, time.Second, []int{1, 1}},
		{"the version is known", []time.Duration{time.Second, 0}, []string{"yes", "known"}, "", storage.ErrNotModified, 300 * time.Millisecond, []int{1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var fakes []*storagetest.Fake
				var origins []storage.Origin
				for i, has := range tt.has {
					f := storagetest.Named(fmt.Sprint(i))
					f.Behave(has)
					f.Delay(tt.delays[i])
					fakes, origins = append(fakes, f), append(origins, f)
				}
				m := hedge.Mirrors(after300ms, hedge.Observer{}, origins...)
				start := time.Now()
				object, err := m.Open(t.Context(), "key", storage.Version{ETag: "known"})
				took := time.Since(start)
				if !errors.Is(err, tt.kind) || took != tt.took {
					t.Errorf("%v after %v, want %v after %v", err, took, tt.kind, tt.took)
				}
				if err == nil {
					synctest.Wait() // the losers have been cancelled
					if got, err := io.ReadAll(object.Body); string(got) != tt.want || err != nil {
						t.Errorf("read %q, %v; want %q", got, err, tt.want)
					}
					_ = object.Body.Close()
				}
				synctest.Wait()
				for i, f := range fakes {
					if f.TotalOpens() != tt.asked[i] || f.Unclosed() != 0 {
						t.Errorf("%d was asked %d times, want %d; %d bodies are open", i, f.TotalOpens(), tt.asked[i], f.Unclosed())
					}
				}
			})
		})
	}
}

// TestHedgeLoser: what the loser sends in spite of its end is closed.
func TestHedgeLoser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := storagetest.Named("first", "key"), storagetest.Named("second", "key")
		release := first.Hang()
		deaf := storagetest.OpenFunc{Fake: first, Func: func(ctx context.Context, key string) (*storage.Object, error) {
			return first.Open(context.WithoutCancel(ctx), key, storage.Version{})
		}}
		m := hedge.Mirrors(after300ms, hedge.Observer{}, deaf, second)
		if got, err := storagetest.Read(t.Context(), m, "key"); got != "second has key" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		release()
		synctest.Wait()
		if first.TotalOpens() != 1 || first.Unclosed() != 0 || second.Unclosed() != 0 {
			t.Errorf("%d opened, %d and %d bodies are open", first.TotalOpens(), first.Unclosed(), second.Unclosed())
		}
	})
}

// TestHedgeSwitched: it is asked for each time.
func TestHedgeSwitched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var after time.Duration
		first, second := storagetest.Named("first", "key"), storagetest.Named("second", "key")
		first.Delay(time.Second)
		m := hedge.Mirrors(func() time.Duration { return after }, hedge.Observer{}, first, second)
		for _, tt := range []struct {
			hedge time.Duration
			want  string
		}{{0, "first has key"}, {time.Millisecond, "second has key"}, {-1, "first has key"}} {
			after = tt.hedge
			if got, err := storagetest.Read(t.Context(), m, "key"); got != tt.want || err != nil {
				t.Errorf("hedge %v: %q, %v; want %q", tt.hedge, got, err, tt.want)
			}
		}
	})
}
