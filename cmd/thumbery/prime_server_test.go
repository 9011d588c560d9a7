package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

// handled is a Transport that asks a handler, without a network.
type handled struct{ http.Handler }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// office is the admin listener of a server on fakes, with a remote that speaks to
// it.
func office(t *testing.T, n int, keys iter.Seq2[variant.Key, error]) (*remote, *jobs, *storagetest.Flaky) {
	t.Helper()
	j, origin := fakeJobs(t, n)
	log := slog.New(slog.DiscardHandler)
	h := admin.New(admin.Config{Priming: &admin.Priming{Jobs: j}, Metrics: http.NotFoundHandler(), Log: log})
	m := &remote{
		base: "http://localhost", client: &http.Client{Transport: handled{h}}, log: log,
		tally: newTally(admin.JobStatus{State: admin.JobRunning, Began: time.Now(), Listing: true}), request: jobBody{Ops: []string{"40x", "20x"}},
	}
	if keys != nil {
		m.keys = func(ctx context.Context) <-chan keyOrError { return aside(ctx, keys) }
	}
	return m, j, origin
}

func (m *remote) status() admin.JobStatus { return m.tally.snapshot(time.Now()) }

// manyKeys are 0000.jpg and so on, over and over.
func manyKeys(n, different int) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		for i := range n {
			if !yield(variant.Key("000"+string(rune('0'+i%different))+".jpg"), nil) {
				return
			}
		}
	}
}

// What is more than one job takes is done in several, and counted together.
func TestRemoteBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, j, origin := office(t, 5, manyKeys(2*batchKeys+7, 9)) // of which 4 are not there
		origin.Delay(10 * time.Millisecond)
		if err := m.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := m.status()
		if s.Finished != 10007 || s.Pictures != 10007 || s.Made != 10 || s.Failed != 2*4447 || s.There != 2*5560-10 || len(s.Errors) != tallyErrors {
			t.Errorf("%+v", s)
		}
		if all := j.All(); len(all) != 3 || all[0].Finished != 7 {
			t.Errorf("%d jobs, the last of %d", len(all), all[0].Finished)
		}
	})
}

// A listing is the server's, and how far it has come is known on the way.
func TestRemoteLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, origin := office(t, 100, nil)
		origin.Delay(time.Second)
		prefix := "00"
		m.request.Prefix, m.request.Since = &prefix, "1000000h0m0s"
		ended := make(chan error)
		go func() { ended <- m.run(t.Context()) }()
		<-time.After(14 * time.Second)
		if s := m.status(); s.Listing || s.Pictures != 100 || s.Finished < 40 || s.Finished > 60 || s.Left < 10 || s.Left > 16 {
			t.Errorf("after 14 s: %+v", s)
		}
		if err := <-ended; err != nil || m.status().Made != 200 {
			t.Errorf("%v, %+v", err, m.status())
		}
	})
}

// Where there is no room for a job it waits, and starts when there is.
func TestRemoteWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, j, origin := office(t, 5, manyKeys(5, 5))
		origin.Delay(50 * time.Second)
		for range runningJobs {
			j.mustStart(t, admin.JobRequest{List: true, Variants: wish(t, "10x")})
		}
		if err := m.run(t.Context()); err != nil || m.status().Made != 10 {
			t.Errorf("%v, %+v", err, m.status())
		}
	})
}

// Whoever stops it stops the job, also one that has just begun.
func TestRemoteStops(t *testing.T) {
	for _, after := range []time.Duration{0, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			m, j, origin := office(t, 100, nil)
			origin.Delay(time.Second)
			prefix := ""
			m.request.Prefix = &prefix
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			if err := m.run(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", after, err)
			}
			s := m.status()
			if all := j.All(); len(all) != 1 || all[0].State != admin.JobStopped || all[0].Made != s.Made || s.Failed > 0 || after > 0 && s.Made == 0 {
				t.Errorf("after %v: %+v, %+v", after, s, all)
			}
		})
	}
}

// What the server says is told, and whose mistake it is; nothing that it says
// makes us wait for ever, or ask for another path.
func TestRemoteIsRefused(t *testing.T) {
	answers := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	accepted := func(then http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				answers(202, `{"id":"x"}`)(w, r)
				return
			}
			then(w, r)
		}
	}
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		mistake bool
		want    string
	}{
		{"options", answers(400, `{"error":"\"60y\" is wrong"}`), true, `refuses: "60y" is wrong`},
		{"format", answers(501, `{"error":"f_avif","kind":"unsupported"}`), true, "f_avif"},
		{"read-only", answers(503, `{"error":"nothing is fetched at the moment","kind":"read-only"}`), false, "nothing is fetched"},
		{"another server", answers(404, `<html>`), true, "is it the --admin of a thumbery?"},
		{"public listener", answers(405, `{}`), true, "is it the --admin of a thumbery?"},
		{"proxy", answers(502, `<html>`), false, "answers 502"},
		{"redirect", answers(302, ``), false, "answers 302"},
		{"long", answers(500, `{"error":"`+strings.Repeat("x", 2*maxAnswer)), false, "answers 500"},
		{"no id", answers(202, `{}`), false, `called ""`},
		{"no answer", answers(202, `<html>`), false, "a job may go on at the server: --server: the answer to POST /prime makes no sense"},
		{"odd id", answers(202, `{"id":"../switches"}`), false, `called "../switches"`},
		{"forgotten", accepted(answers(404, `{"error":"no"}`)), false, "started anew"},
		{"failed", accepted(answers(200, `{"state":"failed","reason":"given up"}`)), false, "given up"},
		{"stopped", accepted(answers(200, `{"state":"stopped"}`)), false, "stopped by somebody else"},
		{"a fault", accepted(answers(500, `{}`)), false, "the job x may go on at the server: --server: http://localhost answers 500"},
		{"nonsense", accepted(answers(200, `{"state":`)), false, "the job x may go on at the server: --server: the answer to GET /jobs/x makes no sense"},
		{"a proxy", accepted(answers(403, `no`)), false, "the job x may go on at the server: --server: http://localhost answers 403"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, _, _ := office(t, 1, manyKeys(1, 1))
			m.client.Transport = handled{tt.handler}
			err := m.run(t.Context())
			_, mistake := errors.AsType[*usageError](err)
			if err == nil || mistake != tt.mistake || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 1000 {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
			}
		})
	}
}

// unreachable fails after so many requests.
type unreachable struct {
	handled
	left, failures int
}

func (u *unreachable) RoundTrip(r *http.Request) (*http.Response, error) {
	if u.left--; u.left < 0 && u.left >= -u.failures {
		return nil, io.ErrUnexpectedEOF
	}
	return u.handled.RoundTrip(r)
}

// faulty answers with a status that is no answer, after so many requests.
type faulty struct {
	http.Handler
	left, failures int
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.left--; f.left < 0 && f.left >= -f.failures {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	f.Handler.ServeHTTP(w, r)
}

// A server that has faults for a moment is asked again: its job goes on.
func TestRemoteIsFaulty(t *testing.T) {
	for failures, want := range map[int]string{10: "", 100000: "may go on at the server: --server: http://localhost answers 502"} {
		synctest.Test(t, func(t *testing.T) {
			m, j, origin := office(t, 5, manyKeys(5, 5))
			origin.Delay(10 * time.Second)
			began := time.Now()
			m.client.Transport = handled{&faulty{m.client.Transport.(handled).Handler, 3, failures}}
			err := m.run(t.Context())
			if want == "" && (err != nil || m.status().Made != 10) {
				t.Errorf("%d failures: %v, %+v", failures, err, m.status())
			}
			if want != "" && (err == nil || !strings.Contains(err.Error(), "the job "+j.All()[0].ID+" "+want) || time.Since(began) < followPatience) {
				t.Errorf("%d failures: %v after %v", failures, err, time.Since(began))
			}
		})
	}
}

// A server that does not let a job be stopped, or says that it runs on, is not asked
// for ever.
func TestRemoteDoesNotStop(t *testing.T) {
	for status, want := range map[int]string{500: "answers 500", 200: "answers 200", 403: "answers 403"} {
		synctest.Test(t, func(t *testing.T) {
			m, _, _ := office(t, 1, manyKeys(1, 1))
			m.client.Transport = handled{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(map[string]int{http.MethodPost: 202, http.MethodGet: 200, http.MethodDelete: status}[r.Method])
				_, _ = io.WriteString(w, `{"id":"x","state":"running"}`)
			})}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := m.run(ctx); err == nil || !strings.Contains(err.Error(), "the job x may go on at the server") || !strings.Contains(err.Error(), want) {
				t.Errorf("%d: %v", status, err)
			}
		})
	}
}

// What was done before the server found a mistake is told; a mistake at once is all
// there is to tell.
func TestRemoteMistakeLater(t *testing.T) {
	for good, want := range map[int]string{0: "", 1: "made: 10 derivatives, of 5,000 pictures"} {
		synctest.Test(t, func(t *testing.T) {
			m, _, _ := office(t, 5, manyKeys(batchKeys+3, 5))
			h := m.client.Transport.(handled).Handler
			m.client.Transport = handled{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					if good--; good < 0 {
						w.WriteHeader(http.StatusBadRequest)
						_, _ = io.WriteString(w, `{"error":"40x is not permitted any more"}`)
						return
					}
				}
				h.ServeHTTP(w, r)
			})}
			r := &primeReport{tally: m.tally, started: time.Now(), where: "unix:/run/a.sock"}
			var out strings.Builder
			err := r.conclude(t.Context(), m.run(t.Context()), &out, false)
			if !isMistake(err) || !strings.HasSuffix(err.Error(), "the server refuses: 40x is not permitted any more") {
				t.Errorf("%v", err)
			}
			if !strings.HasPrefix(out.String(), want) || (want == "") != (out.Len() == 0) || want != "" && !strings.Contains(out.String(), "\nfilled: unix:/run/a.sock\n") {
				t.Errorf("%q", &out)
			}
		})
	}
}

// What a server has left out of a listing is told as if we had.
func TestRemoteLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, origin := office(t, 2, nil)
		origin.Fake.Put("a//b", small)
		m.request.Prefix = new(string)
		if err := m.run(t.Context()); err != nil || m.status().LeftOut != 1 || m.status().FirstLeftOut != "a//b" {
			t.Errorf("%v, %+v", err, m.status())
		}
	})
}

// A server that does not answer for a moment is asked again.
func TestRemoteIsLost(t *testing.T) {
	for failures, lost := range map[int]bool{10: false, 100000: true} {
		synctest.Test(t, func(t *testing.T) {
			m, _, origin := office(t, 5, manyKeys(5, 5))
			origin.Delay(10 * time.Second)
			m.client.Transport = &unreachable{m.client.Transport.(handled), 3, failures}
			err := m.run(t.Context())
			if errors.Is(err, io.ErrUnexpectedEOF) != lost || lost != (err != nil) || lost && !strings.Contains(err.Error(), "may go on at the server") {
				t.Errorf("%d failures: %v", failures, err)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": time.Second, "2": 2 * time.Second, "-5": time.Second, "0": time.Second, "99999999999": maxRetryAfter,
		"9223372036854775807": maxRetryAfter, "99999999999999999999": time.Second, "Fri, 31 Dec 1999 23:59:59 GMT": time.Second,
	} {
		if got := retryAfter(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestServerFlag(t *testing.T) {
	for text, want := range map[string]serverFlag{
		"http://127.0.0.1:8081": {base: "http://127.0.0.1:8081"}, "https://[::1]:1/": {base: "https://[::1]:1"},
		"unix:/run/a.sock": {"http://localhost", "/run/a.sock"},
		"":                 {}, "unix:": {}, "127.0.0.1:8081": {}, "http://": {}, "ftp://a": {}, "http://a/b": {}, "http://u:p@a": {}, "http://a?b": {},
	} {
		var s serverFlag
		if err := s.UnmarshalText([]byte(text)); (err == nil) != (want.base != "") || s != want {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

// The flags of what to make become what the server is asked for.
func TestRemoteBody(t *testing.T) {
	for formats, all := range map[string]bool{"": false, "auto": true} {
		c := primeCmd{Ops: []string{"40x"}, PresetAll: all, AllFormats: all}
		if got := c.remote(&primeReport{}).request; got.Formats != formats || got.AllPresets != all || len(got.Ops) != 1 {
			t.Errorf("all formats %t: %+v", all, got)
		}
	}
}
