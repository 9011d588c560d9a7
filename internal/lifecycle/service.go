package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/thumbery/thumbery/internal/panics"
)

// Service is what a process runs until it is told to stop.
type Service struct {
	Public, Admin Server
	Background    Tasks
	Drain         time.Duration // how long clients may go on coming when it is to stop
	Grace         time.Duration // for running requests and background work to end, after that
	Log           *slog.Logger
	FlushLog      func() // writes the lines that are still buffered

	stopping atomic.Bool
}

// Run serves until ctx is done or a server fails, whose error it returns. When ctx is done
// it goes on for Drain, in which load balancers notice that it is Stopping, and has clients
// close their connections. Then it lets running requests end, and after them background work,
// which may be what has the answers forgotten that are still being sent. The admin listener ends
// last, so that balancers can ask it until then; the contexts of its requests end with
// background work.
func (s *Service) Run(ctx context.Context) error {
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	await := s.Background.Start(background)
	s.Public.HTTP.Handler = s.closing(s.Public.HTTP.Handler)
	s.Admin.HTTP.BaseContext = func(net.Listener) context.Context { return background }
	requests, cutOff := context.WithCancelCause(context.WithoutCancel(ctx))
	s.Public.HTTP.BaseContext = func(net.Listener) context.Context { return requests }
	failed := make(chan error, 1)
	s.Public.start(failed, s.Log)
	s.Admin.start(failed, s.Log)
	s.notify(daemon.SdNotifyReady)
	s.FlushLog() // supervisors wait for these lines
	err := s.await(ctx, failed)
	s.finish(cutOff, end, await)
	return err
}

// await returns when ctx and Drain after it are over, or with the error of a server.
func (s *Service) await(ctx context.Context, failed <-chan error) (err error) {
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.stopping.Store(true)
	s.notify(daemon.SdNotifyStopping)
	s.Log.Info("stopping", "drain", s.Drain, "grace", s.Grace)
	s.FlushLog()
	if err != nil {
		return err
	}
	select {
	case <-time.After(s.Drain):
		return nil
	case err := <-failed:
		return err
	}
}

// Stopping reports that the service is about to stop: no more requests should be sent to
// it.
func (s *Service) Stopping() bool { return s.stopping.Load() }

// closing has clients close their connections while the service stops. Connections without
// a request stay open until then: one may be on its way.
func (s *Service) closing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Stopping() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// minGrace is for background work if the requests have taken all of Grace.
const minGrace = 2 * time.Second

// finish lets running requests end, and then background work, for at most Grace in total, or a
// little more. The contexts of public requests that are cut off have the cause
// http.ErrServerClosed.
func (s *Service) finish(cutOff context.CancelCauseFunc, end func(), await func(context.Context) []string) {
	until := time.Now().Add(s.Grace)
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	s.Public.shutdown(ctx, s.Log, cutOff)
	end()
	ctx, cancel = context.WithTimeout(context.Background(), max(time.Until(until), min(s.Grace, minGrace)))
	defer cancel()
	if unfinished := await(ctx); len(unfinished) > 0 {
		s.Log.Warn("background work did not end within --grace", "tasks", unfinished)
	}
	s.Admin.shutdown(ctx, s.Log, func(error) {})
}

// notify tells systemd, if that started the program.
func (s *Service) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.Log.Warn("cannot notify systemd", "cause", err)
	}
}

// Limits of a connection, against clients that open many and say little.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
)

// Server is a server of a process, and where it listens. See NewServer.
type Server struct {
	HTTP      *http.Server
	Listeners []net.Listener
}

// NewServer returns a server with limits for h, to be run by a Service.
func NewServer(h http.Handler, listeners []net.Listener, log *slog.Logger) Server {
	return Server{&http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}, listeners}
}

// start serves until shutdown, or tells failed why it cannot any more.
func (s Server) start(failed chan<- error, log *slog.Logger) {
	for _, l := range s.Listeners {
		log.Info("listening", "address", l.Addr().String())
		go func() {
			if err := s.HTTP.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				select {
				case failed <- err:
				default: // one failure is enough to stop
				}
			}
		}()
	}
}

// shutdown accepts no more connections, and cuts off the requests that are running
// when ctx is done, by cutOff and then by closing their connections.
func (s Server) shutdown(ctx context.Context, log *slog.Logger, cutOff context.CancelCauseFunc) {
	if err := s.HTTP.Shutdown(ctx); err != nil {
		log.Warn("cut off requests that did not finish within --grace", "cause", err)
		cutOff(http.ErrServerClosed)
		s.HTTP.Close()
	}
}

// Task is background work of a process.
type Task struct {
	Name string // for the log, and a label of the metric of panics
	// Run works until its context ends, and returns when nothing is running any more.
	Run func(context.Context)
}

// Tasks run side by side.
type Tasks []Task

// Start runs all until ctx ends; one that panics is started again. await waits until all
// have returned or its context ends, and returns the names of those that have not.
func (all Tasks) Start(ctx context.Context) (await func(context.Context) (unfinished []string)) {
	ended := make([]chan struct{}, len(all))
	for i, t := range all {
		ended[i] = make(chan struct{})
		go func() {
			defer close(ended[i])
			panics.Loop(ctx, t.Name, t.Run)
		}()
	}
	return func(ctx context.Context) (unfinished []string) {
		for i, t := range all {
			select {
			case <-ended[i]:
				continue
			case <-ctx.Done():
			}
			select {
			case <-ended[i]: // both, and select has chosen the other
			default:
				unfinished = append(unfinished, t.Name)
			}
		}
		return unfinished
	}
}

// UntilSignal returns a context that is done after SIGTERM or SIGINT. A second
// signal ends the process at once.
func UntilSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}

// OutliveReaders keeps a command running when the reader of its standard output or error
// goes away: what is written there is lost. Go ends a process with SIGPIPE otherwise,
// which is right for "thumbery url … | head". The signal is caught and not ignored, as
// child processes would inherit that.
func OutliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
