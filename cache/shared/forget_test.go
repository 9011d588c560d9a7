package shared_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/shared"
)

// For a minute after a picture was forgotten, the bucket is not asked for it, nor does what was
// made before get there.
func TestForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTier()
		epoch := f.Epochs.At(source)
		f.Forgotten(source, 0)
		if f.Epochs.At(source) == epoch {
			t.Error("its epoch has not ended")
		}
		for _, asks := range []bool{false, true} {
			if _, ok := f.HedgeTime(name(1)); ok != asks {
				t.Errorf("it is asked for: %t", ok)
			}
			if _, ok := f.HedgeTime(other(1)); !ok {
				t.Error("another one is not asked for")
			}
			time.Sleep(time.Minute)
		}
	})
}

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
	f.counts.want(t, map[string]int{"removed true": 2, "removed false": 2})
}

// A server that may have written an entry since the picture was forgotten elsewhere removes its
// entries again, and tries until it has succeeded.
func TestRemovedAgain(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		since time.Duration // from the write to the event
		age   time.Duration // of the event
		again bool
	}{
		"just written":                       {time.Second, 0, true},
		"written long before":                {2 * time.Minute, 0, false},
		"written before, and heard of late":  {time.Hour, time.Hour, true},
		"written long before, heard of late": {2 * time.Hour, time.Hour, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newTier()
				time.Sleep(24 * time.Hour) // what was written before its start, it does not know
				f.keep(t, name(1), "old", shared.Cost{})
				time.Sleep(c.since)
				f.bucket.Fail(errDown)
				f.Forgotten(source, c.age)
				time.Sleep(time.Second / 2)
				f.bucket.Fail(nil)
				time.Sleep(time.Minute)
				if remains := len(f.bucket.Objects()) > 0; remains == c.again {
					t.Errorf("it remains: %t", remains)
				}
			})
		})
	}
}

// After a start nothing is known of what was written before.
func TestRemovedAfterStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTier()
		f.bucket.Set(string(name(1)), cachetest.BucketObject{})
		f.Forgotten(source, 0)
		time.Sleep(time.Second)
		if n := len(f.bucket.Objects()); n != 0 {
			t.Errorf("%d remain", n)
		}
	})
}
