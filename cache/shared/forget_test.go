package shared_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/variant"
)

func TestRemove(t *testing.T) {
	t.Parallel()
	f := newTier()
	for _, key := range []string{string(source), string(name(1)), string(name(2)), string(other(1)), string(source) + "0-1"} {
		f.bucket.Set(key, cachetest.BucketObject{})
	}
	for range 2 {
		if err := f.Remove(t.Context(), source); err != nil {
			t.Error(err)
		}
		if all := f.bucket.Objects(); len(all) != 2 {
			t.Errorf("left: %v", all)
		}
	}
	f.bucket.Fail(errDown)
	if err := f.Remove(t.Context(), source); err == nil {
		t.Error("no error where the bucket is down")
	}
	if err := f.Remove(t.Context(), "../x"); err == nil {
		t.Error("no error for what is no name")
	}
	f.counts.want(t, map[string]int{"removed true": 2, "removed false": 1})
}

// What is being written of an epoch that has ended is removed, too, and nothing more is written.
func TestRemoveWhileWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTier()
		f.bucket.BeforePut = func(string) { time.Sleep(time.Second) }
		for range 2 * 8 { // of which 8 are written at once
			f.Keep(t.Context(), f.entry(name(1), "old", shared.Cost{}))
		}
		synctest.Wait()
		f.Epochs.Advance(source)
		if err := f.Remove(t.Context(), source); err != nil {
			t.Error(err)
		}
		f.drain(t)
		if n := len(f.bucket.Objects()); n != 0 {
			t.Errorf("%d remain", n)
		}
		f.counts.want(t, map[string]int{"written ok": 8, "written forgotten": 8, "removed true": 1})
	})
}

// While the bucket fails or hangs, it is asked for none of the pictures that are to be removed,
// and one failure ends the attempt.
func TestRemoveFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTier()
		f.bucket.Set(string(other(1)), cachetest.BucketObject{})
		f.bucket.Hang(true)
		began := time.Now()
		otherSource := other(1)[:32]
		if err := f.Remove(t.Context(), source, otherSource); err == nil || time.Since(began) > time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		f.counts.want(t, map[string]int{"removed false": 1})
		time.Sleep(time.Hour)
		wantAsked := func(want bool) {
			t.Helper()
			for _, n := range []variant.Name{name(1), other(1)} {
				if _, ok := f.HedgeTime(n); ok != want {
					t.Errorf("it is asked for %s: %t", n, ok)
				}
			}
		}
		wantAsked(false)
		f.bucket.Hang(false)
		if err := f.Remove(t.Context(), source, otherSource); err != nil || len(f.bucket.Objects()) != 0 {
			t.Errorf("%v, left: %v", err, f.bucket.Objects())
		}
		wantAsked(false)
		time.Sleep(time.Minute)
		wantAsked(true)
	})
}
