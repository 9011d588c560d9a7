package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/activation"
)

// listeners are where a service is reached.
type listeners struct{ public, admin []net.Listener }

// adminSocket is the FileDescriptorName of systemd's socket for the admin
// listener; all others are public.
const adminSocket = "admin"

// listen takes the sockets that systemd gives, and opens those that it does
// not.
func listen(public, admin string) (l listeners, err error) {
	given, err := activation.ListenersWithNames()
	if err != nil {
		return l, fmt.Errorf("sockets of systemd: %w", err)
	}
	for name, sockets := range given {
		if name == adminSocket {
			l.admin = sockets
		} else {
			l.public = append(l.public, sockets...)
		}
	}
	if len(l.public) == 0 {
		if l.public, err = open("--listen", public); err != nil {
			return l, err
		}
	}
	if len(l.admin) == 0 && admin != "" {
		l.admin, err = open("--admin", admin)
	}
	return l, err
}

func open(flag, address string) ([]net.Listener, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return nil, fmt.Errorf("%s: unix: needs a path, as in unix:/run/thumbery.sock", flag)
		}
		network, address = "unix", path
		removeStale(path)
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	if network == "unix" {
		// Who may connect is decided by the directory, as nginx runs as
		// another user.
		err = os.Chmod(address, 0o666)
	}
	return []net.Listener{l}, err
}

// removeStale removes the socket of a process that has died, which would keep
// us from listening there.
func removeStale(path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close() // somebody lives there, and Listen will say so
		return
	}
	// If it cannot be removed, Listen says what is the matter.
	_ = os.Remove(path)
}

// clickable makes a listener's address one for a browser.
func clickable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return "localhost:" + port
	}
	return address
}

// servers are the servers of a process, each with its listeners.
type servers []struct {
	server    *http.Server
	listeners []net.Listener
}

// start serves. failed gives the first error of a server, after which the others go on:
// see shutdown.
func (all servers) start(log *slog.Logger) (failed <-chan error) {
	failures := make(chan error, 1)
	for _, s := range all {
		for _, l := range s.listeners {
			log.Info("listening", "address", l.Addr().String())
			go func() {
				if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
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
			if err := s.server.Shutdown(ctx); err != nil {
				log.Warn("cut off requests that did not finish in time", "cause", err)
				s.server.Close()
			}
		})
	}
	done.Wait()
}
