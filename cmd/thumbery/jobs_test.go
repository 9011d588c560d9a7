package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

func fakeJobs(t *testing.T, n int) (*jobs, *storagetest.Flaky) {
	t.Helper()
	c, origin := fakeCore(t, n)
	j := newJobs(c, slog.New(slog.DiscardHandler))
	t.Cleanup(j.stop)
	return j, origin
}

// after waits for the end of a job.
func (j *jobs) after(t *testing.T, id string) admin.JobStatus {
	t.Helper()
	<-j.find(id).ended
	s, ok := j.Status(id)
	if !ok {
		t.Fatalf("there is no job %s", id)
	}
	return s
}

func (j *jobs) mustStart(t *testing.T, r admin.JobRequest) string {
	t.Helper()
	s, err := j.Start(r)
	if err != nil || s.ID == "" {
		t.Fatalf("%v, %+v", err, s)
	}
	return s.ID
}

func TestJobEnds(t *testing.T) {
	for _, tt := range []struct {
		name    string
		tell    func(*storagetest.Flaky)
		request admin.JobRequest
		state   admin.JobState
		made    int
		none    int
		errors  int
	}{
		{"listed", func(s *storagetest.Flaky) { s.Fake.Put("x.txt", []byte("text")) }, admin.JobRequest{List: true}, admin.JobDone, 60, 1, 0},
		{"prefix", func(*storagetest.Flaky) {}, admin.JobRequest{List: true, Prefix: "000"}, admin.JobDone, 10, 0, 0},
		{"given", func(s *storagetest.Flaky) { s.Fake.Put("x.txt", []byte("text")) }, admin.JobRequest{Keys: []variant.Key{"0001.jpg", "x.txt", "none"}}, admin.JobDone, 1, 1, 1},
		{"both", func(*storagetest.Flaky) {}, admin.JobRequest{Keys: []variant.Key{"0051.jpg"}, List: true, Prefix: "000"}, admin.JobDone, 11, 0, 0},
		{"down", func(s *storagetest.Flaky) { s.FailOpen("*", 1000, storagetest.ErrDown) }, admin.JobRequest{List: true}, admin.JobFailed, 0, 0, 20},
		{"no listing", func(s *storagetest.Flaky) { s.FailList("0000.jpg", 100, storagetest.ErrDown) }, admin.JobRequest{List: true}, admin.JobFailed, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j, origin := fakeJobs(t, 60)
				tt.tell(origin)
				tt.request.Variants = wish(t, "40x")
				s := j.after(t, j.mustStart(t, tt.request))
				if s.State != tt.state || s.Made != tt.made || s.NotPictures != tt.none || len(s.Errors) != tt.errors {
					t.Errorf("%+v", s)
				}
				if s.Listing || s.Left != 0 || s.Ended.IsZero() || (s.Reason == "") != (tt.state == admin.JobDone) || s.State == admin.JobDone && s.Pictures != s.Finished {
					t.Errorf("after the end: %+v", s)
				}
			})
		})
	}
}

// The count of what is listed is known long before the work is done.
func TestJobCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, origin := fakeJobs(t, 400)
		origin.Delay(time.Second)
		id := j.mustStart(t, admin.JobRequest{List: true, Variants: wish(t, "40x", "20x")})
		<-time.After(21*time.Second + time.Millisecond) // of which listing takes one
		s, _ := j.Status(id)
		if s.Pictures != 400 || s.Listing || s.Finished != 80 || s.Rate < 7.9 || s.Rate > 8.1 || s.Left < 78 || s.Left > 82 {
			t.Errorf("after 21 s: %+v", s)
		}
		if s = j.after(t, id); s.Made != 800 || s.Ended.Sub(s.Began) != 101*time.Second {
			t.Errorf("at the end: %+v", s)
		}
	})
}

func TestJobsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, origin := fakeJobs(t, 1)
		origin.Delay(time.Second)
		r := admin.JobRequest{List: true, Variants: wish(t, "40x")}
		if _, err := j.Start(admin.JobRequest{List: true, Variants: wish(t, "40x,f_avif")}); err == nil || errors.Is(err, gate.ErrBusy) {
			t.Errorf("a format that cannot be written: %v", err)
		}
		for range runningJobs {
			j.mustStart(t, r)
		}
		if _, err := j.Start(r); !errors.Is(err, gate.ErrBusy) {
			t.Errorf("too many: %v", err)
		}
		<-time.After(time.Minute)
		j.mustStart(t, r)
		j.core.Originals.SetReadOnly(true)
		if _, err := j.Start(r); !errors.Is(err, originals.ErrReadOnly) {
			t.Errorf("read only: %v", err)
		}
	})
}

// Of those that have ended the oldest are forgotten, and none that runs.
func TestJobsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, origin := fakeJobs(t, 1)
		origin.Fake.Put("slow/a.jpg", small)
		release := origin.Hang()
		long := j.mustStart(t, admin.JobRequest{Keys: []variant.Key{"slow/a.jpg"}, Variants: wish(t, "40x")})
		synctest.Wait()
		origin.Reopen()
		for range keptJobs + 50 {
			j.Stop(j.mustStart(t, admin.JobRequest{Keys: []variant.Key{"none"}, Variants: wish(t, "40x")}))
		}
		all := j.All()
		if len(all) != keptJobs || all[len(all)-1].ID != long || all[len(all)-1].State != admin.JobRunning {
			t.Errorf("%d jobs, the oldest is %+v", len(all), all[len(all)-1])
		}
		release()
		if s := j.after(t, long); s.State != admin.JobDone {
			t.Errorf("%+v", s)
		}
	})
}

// A job ends when it is told to, and with the server; nothing is done for it then.
func TestJobStops(t *testing.T) {
	for name, stop := range map[string]func(*jobs, context.CancelFunc, string){
		"stop":   func(j *jobs, _ context.CancelFunc, id string) { j.Stop(id) },
		"server": func(j *jobs, end context.CancelFunc, id string) { end(); <-j.find(id).ended },
	} {
		synctest.Test(t, func(t *testing.T) {
			j, origin := fakeJobs(t, 100)
			origin.Delay(time.Second)
			ctx, end := context.WithCancel(t.Context())
			defer end()
			go j.run(ctx)
			id := j.mustStart(t, admin.JobRequest{List: true, Variants: wish(t, "40x")})
			<-time.After(6500 * time.Millisecond)
			stop(j, end, id)
			before, _ := j.Status(id)
			<-time.After(time.Minute)
			after, _ := j.Status(id)
			if before.State != admin.JobStopped || before.Made != 20 || after.Made != 20 || after.Failed != 0 || after.Reason != "" {
				t.Errorf("%s: %+v", name, after)
			}
			if !j.Stop(id) || j.Stop("another") {
				t.Errorf("%s: what has ended can be stopped, what never was cannot", name)
			}
		})
	}
}

// All may be called at any time.
func TestJobsAtOnce(t *testing.T) {
	j, _ := fakeJobs(t, 50)
	var all sync.WaitGroup
	for range 3 {
		id := j.mustStart(t, admin.JobRequest{List: true, Variants: wish(t, "40x", "30x")})
		all.Go(func() {
			for s, _ := j.Status(id); s.State == admin.JobRunning; s, _ = j.Status(id) {
				j.All()
			}
		})
		all.Go(func() { j.Stop(id) })
	}
	all.Wait()
	for _, s := range j.All() {
		if s.State != admin.JobStopped && s.State != admin.JobDone {
			t.Errorf("%+v", s)
		}
	}
}

// An origin that fails in the middle gives the reason.
func TestJobFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, origin := fakeJobs(t, 100)
		origin.FailOpen("*", 1000, storage.ErrUnavailable)
		s := j.after(t, j.mustStart(t, admin.JobRequest{List: true, Variants: wish(t, "40x", "20x")}))
		if s.State != admin.JobFailed || s.Finished != primeGivesUpAfter || s.Failed != 2*primeGivesUpAfter || s.Reason == "" {
			t.Errorf("%+v", s)
		}
	})
}

// A panic fails its job, whose place is free again.
func TestJobPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, origin := fakeJobs(t, 3)
		for range runningJobs + 1 {
			origin.FailList("0001.jpg", 2, storagetest.ErrPanic) // of what is primed, and of what is counted
			id := j.mustStart(t, admin.JobRequest{List: true, Variants: wish(t, "40x")})
			if s := j.after(t, id); s.State != admin.JobFailed || !strings.Contains(s.Reason, "panic: a panic in the client") {
				t.Errorf("%+v, want it failed", s)
			}
		}
		origin.FailList("0001.jpg", 0, nil)
		origin.FailOpen("0001.jpg", 1, storagetest.ErrPanic)
		id := j.mustStart(t, admin.JobRequest{List: true, Variants: wish(t, "40x")})
		if s := j.after(t, id); s.State != admin.JobDone || s.Finished != 3 || s.Failed != 1 {
			t.Errorf("%+v, want 1 of 3 failed", s)
		}
	})
}
