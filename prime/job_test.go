package prime

import (
	"context"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

func TestRunEnds(t *testing.T) {
	t.Parallel()
	list := func(prefix string) func(fixture, *Job) {
		return func(o fixture, j *Job) {
			s := Selection{Origins: o.mounts, Prefix: prefix}
			j.List, j.Counts = s.List, true
		}
	}
	keys := func(keys ...variant.Key) func(fixture, *Job) { return func(_ fixture, j *Job) { j.Keys = keys } }
	for _, tt := range []struct {
		name   string
		tell   func(*storagetest.Flaky)
		job    func(fixture, *Job)
		state  State
		made   int
		none   int
		errors int
	}{
		{"listed", func(s *storagetest.Flaky) { s.Fake.Put("x.txt", []byte("text")) }, list(""), Done, 60, 1, 0},
		{"prefix", func(*storagetest.Flaky) {}, list("000"), Done, 10, 0, 0},
		{"given", func(s *storagetest.Flaky) { s.Fake.Put("x.txt", []byte("text")) }, keys("0001.jpg", "x.txt", "none"), Done, 1, 1, 1},
		{"both", func(*storagetest.Flaky) {}, func(o fixture, j *Job) { list("000")(o, j); keys("0051.jpg")(o, j) }, Done, 11, 0, 0},
		{"down", func(s *storagetest.Flaky) { s.FailOpen("*", 1000, storagetest.ErrDown) }, list(""), Failed, 0, 0, 20},
		{"no listing", func(s *storagetest.Flaky) { s.FailList("0000.jpg", 100, storagetest.ErrDown) }, list(""), Failed, 0, 0, 0},
		{"a panic in the listing", func(s *storagetest.Flaky) { s.FailList("0000.jpg", 2, storagetest.ErrPanic) }, list(""), Failed, 0, 0, 0},
		{"a panic for one", func(s *storagetest.Flaky) { s.FailOpen("0001.jpg", 1, storagetest.ErrPanic) }, list(""), Done, 59, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newFixture(t, 60)
				tt.tell(o.origin)
				j := Job{Variants: variants(t, "40x"), Parallel: 4}
				tt.job(o, &j)
				s, err := o.primed(t.Context(), j)
				if (err != nil) != (tt.state == Failed) || s.State != tt.state || s.Made != tt.made || s.NotPictures != tt.none || len(s.Errors) != tt.errors {
					t.Errorf("%v, %+v", err, s)
				}
				if s.Listing || s.Left != 0 || s.Ended.IsZero() || (s.Reason == "") != (tt.state == Done) || s.State == Done && s.Pictures != s.Finished {
					t.Errorf("after the end: %+v", s)
				}
			})
		})
	}
}

// The count of what is listed is known long before the work is done, and how far it is
// is reported all the time.
func TestRunReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 400)
		o.origin.Delay(time.Second)
		began, reports := time.Now(), 0
		var last Progress
		err := o.Run(t.Context(), o.all(t), func(s Progress) {
			reports++
			last = s
			if at := time.Since(began); at/ProgressEvery == 70 && (s.Pictures != 400 || s.Listing || s.Finished < 76 || s.Finished > 84 || s.Rate < 7 || s.Rate > 9 || s.Left < 70 || s.Left > 92) {
				t.Errorf("after %v: %+v", at, s)
			}
		})
		if err != nil || last.Made != 800 || last.Ended.Sub(last.Began) != 101*time.Second || reports < 300 {
			t.Errorf("%v, at the end after %d reports: %+v", err, reports, last)
		}
	})
}

// A job ends with its context; nothing is done for it then.
func TestRunStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 100)
		o.origin.Delay(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 6500*time.Millisecond)
		defer cancel()
		j := o.all(t)
		j.Variants = variants(t, "40x")
		s, err := o.primed(ctx, j)
		opens := o.origin.TotalOpens()
		time.Sleep(time.Minute)
		if err == nil || s.State != Stopped || s.Made != 20 || s.Failed != 0 || s.Reason != "" || o.origin.TotalOpens() != opens {
			t.Errorf("%v, %+v", err, s)
		}
	})
}

// An endless listing does not keep a job from ending.
func TestRunStopsListing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		endless := func(ctx context.Context, _ func(string)) iter.Seq2[variant.Key, error] {
			return Prefetch(ctx, func(yield func(variant.Key, error) bool) {
				for yield("0000.jpg", nil) {
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		s, err := o.primed(ctx, Job{Variants: variants(t, "40x"), List: endless, Parallel: 1})
		time.Sleep(time.Second) // for the goroutine that reads
		if err == nil || !strings.Contains(err.Error(), "context") || s.State != Stopped {
			t.Errorf("%v, %+v", err, s)
		}
	})
}
