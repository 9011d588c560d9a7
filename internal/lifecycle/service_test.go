package lifecycle

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fakeListener has connections that a synctest bubble can wait for.
type fakeListener struct {
	address     net.Addr
	connections chan net.Conn
	closed      chan struct{}
}

func newFakeListener() fakeListener {
	return fakeListener{&net.UnixAddr{}, make(chan net.Conn), make(chan struct{})}
}

func (l fakeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l fakeListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l fakeListener) Addr() net.Addr { return l.address }

// dial returns a connection, or nil if they are refused.
func (l fakeListener) dial() net.Conn {
	here, there := net.Pipe()
	select {
	case l.connections <- there:
		return here
	case <-l.closed:
		return nil
	}
}

// ask sends a request for a path, and returns the answer's status, and whether the
// connection is to be closed. The status is 0 if there is no answer.
func ask(c net.Conn, path string) (status int, closes bool) {
	if c == nil {
		return 0, false
	}
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		return 0, false
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, false
	}
	res.Body.Close()
	return res.StatusCode, res.Close
}

type testService struct {
	Service
	public, admin fakeListener
	taskEnded     atomic.Bool
	causes        chan error // why the contexts of public requests ended that had a duration
	began         time.Time
}

// newTestService has public requests that take a while if their path is a duration, and
// admin requests that end with their context if it is /wait.
func newTestService() *testService {
	s := &testService{causes: make(chan error, 9), public: newFakeListener(), admin: newFakeListener(), began: time.Now()}
	log := slog.New(slog.DiscardHandler)
	s.Service = Service{
		Public: NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			d, _ := time.ParseDuration(r.URL.Path[1:])
			time.Sleep(d)
			s.causes <- context.Cause(r.Context())
		}), []net.Listener{s.public}, log),
		Admin: NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/wait" {
				<-r.Context().Done()
			}
			if s.Stopping() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}), []net.Listener{s.admin}, log),
		Background: Tasks{{"task", func(ctx context.Context) { <-ctx.Done(); s.taskEnded.Store(true) }}},
		Drain:      5 * time.Second, Grace: 30 * time.Second, Log: log, FlushLog: func() {},
	}
	return s
}

// want asks for a path through a connection.
func (s *testService) want(t *testing.T, what string, c net.Conn, path string, status int, closes bool) {
	t.Helper()
	if gotStatus, gotCloses := ask(c, path); gotStatus != status || gotCloses != closes {
		t.Errorf("%v: %s: %d, closes %t; want %d, %t", time.Since(s.began), what, gotStatus, gotCloses, status, closes)
	}
}

// TestDrain: for Drain all goes on, but connections are closed; then running requests end, then
// background work, and the admin listener is the last.
func TestDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTestService()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		idle := []net.Conn{s.public.dial(), s.public.dial()}
		for _, c := range idle {
			s.want(t, "before", c, "/", 200, false)
		}
		s.want(t, "admin before", s.admin.dial(), "/", 200, false)
		go ask(s.admin.dial(), "/wait")
		stop()
		synctest.Wait()
		s.want(t, "a connection from before", idle[0], "/", 200, true)
		s.want(t, "a new connection", s.public.dial(), "/", 200, true)
		s.want(t, "admin while draining", s.admin.dial(), "/", 503, false)
		go s.want(t, "a slow request", s.public.dial(), "/20s", 200, true)
		time.Sleep(5*time.Second - time.Nanosecond)
		s.want(t, "just before the end", s.public.dial(), "/", 200, true)
		if s.taskEnded.Load() {
			t.Error("background work ends before the server does")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		s.want(t, "a new connection at the end", s.public.dial(), "/", 0, false)
		s.want(t, "an unused one from before", idle[1], "/", 0, false)
		s.want(t, "admin while a request runs", s.admin.dial(), "/", 503, false)
		if s.taskEnded.Load() {
			t.Error("background work ends before running requests do")
		}
		err := <-ended
		if !s.taskEnded.Load() {
			t.Error("background work goes on")
		}
		if took := time.Since(s.began).Round(time.Second); err != nil || took != 20*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		s.want(t, "admin afterwards", s.admin.dial(), "/", 0, false)
	})
}

// TestStopAtOnce: without Drain there is no wait; what takes longer than Grace is cut off.
func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTestService()
		s.Drain = 0
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		go s.want(t, "too slow", s.public.dial(), "/1m", 0, false)
		synctest.Wait()
		stop()
		if err := <-ended; err != nil || time.Since(s.began).Round(time.Second) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(s.began))
		}
		if cause := <-s.causes; cause != http.ErrServerClosed {
			t.Errorf("cut off for %v", cause)
		}
	})
}

// TestServerFails: the service ends with the error of a server, also while it drains.
func TestServerFails(t *testing.T) {
	t.Parallel()
	for _, draining := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newTestService()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			synctest.Wait()
			if draining {
				stop()
				synctest.Wait()
			}
			s.public.Close()
			if err := <-ended; !errors.Is(err, net.ErrClosed) || time.Since(s.began) != 0 || !s.Stopping() {
				t.Errorf("%v after %v", err, time.Since(s.began))
			}
		})
	}
}
