package prime

import (
	"context"
	"encoding/json"
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

	"github.com/thumbery/thumbery/variant"
)

// handled is a Transport that asks a handler, without a network.
type handled struct{ http.Handler }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	body, write := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: write, status: make(chan int, 1)}
	go func() {
		h.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		write.Close()
	}()
	stop := context.AfterFunc(r.Context(), func() { body.CloseWithError(r.Context().Err()) })
	select {
	case status := <-w.status:
		return &http.Response{StatusCode: status, Header: w.header, Body: body}, nil
	case <-r.Context().Done():
		stop()
		return nil, r.Context().Err()
	}
}

type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter
	status chan int
	begun  bool
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	if !w.begun {
		w.begun = true
		w.status <- status
	}
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// server runs jobs as the admin listener does.
func (o fixture) server(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b Body
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil || r.URL.Path != "/prime" {
			t.Error(err, r.URL.Path)
		}
		j := Job{Variants: variants(t, b.Ops...), Keys: b.Keys, AllFormats: b.Formats == "auto", Parallel: 4}
		if b.Prefix != nil {
			s := Selection{Origins: o.mounts, Prefix: *b.Prefix}
			j.List, j.Counts = s.List, true
		}
		_ = o.Run(r.Context(), j, func(p Progress) { _ = json.NewEncoder(w).Encode(p) })
	}
}

func newClient(h http.HandlerFunc) *Client {
	return &Client{Base: "http://localhost", HTTP: &http.Client{Transport: handled{h}}, Log: slog.New(slog.DiscardHandler)}
}

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

// More keys than a server accepts at once are split into several jobs, and counted
// together.
func TestClientRunKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 5) // of 9 keys, 4 are not there
		jobs := 0
		serve := o.server(t)
		c := newClient(func(w http.ResponseWriter, r *http.Request) { jobs++; serve(w, r) })
		var s Progress
		err := c.RunKeys(t.Context(), Body{Ops: []string{"40x", "20x"}}, manyKeys(2*batchKeys+7, 9), func(p Progress) { s = p })
		if err != nil || jobs < 3 || jobs > 5 {
			t.Fatalf("%v after %d jobs", err, jobs)
		}
		if s.Finished != 10007 || s.Pictures != 10007 || s.Made != 10 || s.Failed != 2*4447 || s.There != 2*5560-10 || len(s.Errors) != maxErrors {
			t.Errorf("%+v", s)
		}
	})
}

// A listing is the server's, and how far it is is known on the way.
func TestClientRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 100)
		o.origin.Delay(time.Second)
		o.origin.Fake.Put("a//b", small)
		prefix, lines := "", 0
		var s Progress
		err := newClient(o.server(t)).Run(t.Context(), Body{Ops: []string{"40x"}, Prefix: &prefix}, func(p Progress) { s = p; lines++ })
		if err != nil || s.State != Done || s.Made != 100 || s.LeftOut != 1 || s.FirstLeftOut != "a//b" || lines < 50 {
			t.Errorf("%v, %+v, %d lines", err, s, lines)
		}
	})
}

// A client that stops closes the connection, and the server stops, too.
func TestClientStops(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			o := newFixture(t, 100)
			o.origin.Delay(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			prefix := ""
			var s Progress
			err := newClient(o.server(t)).Run(ctx, Body{Ops: []string{"40x"}, Prefix: &prefix}, func(p Progress) { s = p })
			if !errors.Is(err, context.DeadlineExceeded) || after > 0 && s.Made == 0 || s.Failed > 0 {
				t.Errorf("after %v: %v, %+v", after, err, s)
			}
			time.Sleep(2 * time.Second)
			opens := o.origin.TotalOpens()
			time.Sleep(time.Minute)
			if o.origin.TotalOpens() != opens {
				t.Error("the server goes on")
			}
		})
	}
}

func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// While there is no room for a job it waits.
func TestClientWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusals := 0
		c := newClient(func(w http.ResponseWriter, r *http.Request) {
			if refusals++; refusals <= 3 {
				w.Header().Set("Retry-After", "5")
				answers(503, `{"error":"busy: 4 jobs are running","kind":"busy"}`)(w, r)
				return
			}
			answers(200, `{"state":"done"}`)(w, r)
		})
		began := time.Now()
		if err := c.Run(t.Context(), Body{}, func(Progress) {}); err != nil || time.Since(began) != 15*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// The client reports what the server answers, and whose mistake it is. No answer makes it
// wait for ever or fills its memory.
func TestClientIsRefused(t *testing.T) {
	t.Parallel()
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
		{"without the token", answers(401, `{"error":"send it as Authorization: Bearer TOKEN"}`), true, "give --admin-token, or set THUMBERY_ADMIN_TOKEN"},
		{"proxy", answers(502, `<html>`), false, "answers 502"},
		{"redirect", answers(302, ``), false, "answers 302"},
		{"long", answers(500, `{"error":"`+strings.Repeat("x", 2*maxLine)), false, "answers 500"},
		{"an older server", answers(202, `{"id":"x"}`), false, "answers 202"},
		{"nonsense", answers(200, `<html>`), false, "the server's answer makes no sense"},
		{"a long line", answers(200, strings.Repeat("x", 2*maxLine)), false, "broke off: bufio.Scanner: token too long"},
		{"nothing", answers(200, ``), false, "the connection to the server broke off"},
		{"broken off", answers(200, `{"state":"running"}`), false, "the connection to the server broke off"},
		{"failed", answers(200, `{"state":"failed","reason":"given up"}`), false, "given up"},
		{"stopped", answers(200, `{"state":"stopped"}`), false, "the server is stopping"},
		{"silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false, "the server has said nothing for 1m0s"},
		{"silent after a while", func(w http.ResponseWriter, r *http.Request) {
			answers(200, `{"state":"running"}`+"\n")(w, r)
			<-r.Context().Done()
		}, false, "the server has said nothing for 1m0s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			err := newClient(tt.handler).Run(t.Context(), Body{}, func(Progress) {})
			_, mistake := errors.AsType[*MistakeError](err)
			if err == nil || mistake != tt.mistake || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 1000 {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
			}
		})
	}
}

// A server that cannot be reached is no mistake.
func TestClientWithoutServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c := &Client{Base: s.URL, HTTP: s.Client(), Log: slog.New(slog.DiscardHandler)}
	err := c.Run(t.Context(), Body{}, func(Progress) {})
	if _, mistake := errors.AsType[*MistakeError](err); err == nil || mistake || !strings.HasPrefix(err.Error(), "--server: ") {
		t.Errorf("%v", err)
	}
}

// The client sends the token of the listener, and does not follow a redirect with it.
func TestClientToken(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "a-token-of-the-tests"} {
		var sent [][]string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent = append(sent, r.Header["Authorization"])
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}))
		defer s.Close()
		var server Server
		if err := server.UnmarshalText([]byte(s.URL)); err != nil {
			t.Fatal(err)
		}
		err := server.Client(token, slog.New(slog.DiscardHandler)).Run(t.Context(), Body{}, func(Progress) {})
		if err == nil || len(sent) != 1 || strings.Join(sent[0], " + ") != strings.TrimSuffix("Bearer "+token, "Bearer ") {
			t.Errorf("with the token %q: sent %q, %v", token, sent, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": time.Second, "2": 2 * time.Second, "-5": time.Second, "0": time.Second, "99999999999": maxRetryAfter,
		"9223372036854775807": maxRetryAfter, "99999999999999999999": maxRetryAfter, "Fri, 31 Dec 1999 23:59:59 GMT": time.Second,
	} {
		if got := retryAfter(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
