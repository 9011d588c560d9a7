package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of a connection, against clients that open many and say little.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
)

// NewServer returns a server with limits for h, to be run by a Service.
func NewServer(h http.Handler, listeners []net.Listener, log *slog.Logger) Server {
	return Server{&http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}, listeners}
}

// Server is a server of a process, and where it listens. See NewServer.
type Server struct {
	HTTP      *http.Server
	Listeners []net.Listener
}

// servers are those of a process.
type servers []Server

// start serves. failed gives the first error of a server, after which the others go on:
// see shutdown.
func (all servers) start(log *slog.Logger) (failed <-chan error) {
	failures := make(chan error, 1)
	for _, s := range all {
		for _, l := range s.Listeners {
			log.Info("listening", "address", l.Addr().String())
			go func() {
				if err := s.HTTP.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					select {
					case failures <- err:
					default: // one failure is enough to stop
					}
				}
			}()
		}
	}
	return failures
}

// shutdown accepts no more connections, and cuts off the requests that are running
// when ctx is done.
func (all servers) shutdown(ctx context.Context, log *slog.Logger) {
	var done sync.WaitGroup
	for _, s := range all {
		done.Go(func() {
			if err := s.HTTP.Shutdown(ctx); err != nil {
				log.Warn("cut off requests that did not finish within --grace", "cause", err)
				s.HTTP.Close()
			}
		})
	}
	done.Wait()
}
