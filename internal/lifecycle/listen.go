// Package lifecycle starts and stops what a process runs: sockets of systemd and our own,
// HTTP servers, background tasks, and signals.
package lifecycle

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"
)

// Listeners are where a service is reached.
type Listeners struct{ Public, Admin []net.Listener }

// adminSocket is the FileDescriptorName of systemd's socket for the admin
// listener; all others are public.
const adminSocket = "admin"

// Listen takes the sockets that systemd gives, and opens those that it does not, at
// addresses of the form HOST:PORT or unix:/PATH. Without an address for admin, there is
// none. Its errors are mistakes in the addresses.
func Listen(public, admin string) (l Listeners, err error) {
	given, err := activation.ListenersWithNames()
	if err != nil {
		return l, fmt.Errorf("sockets of systemd: %w", err)
	}
	for name, sockets := range given {
		if name == adminSocket {
			l.Admin = sockets
		} else {
			l.Public = append(l.Public, sockets...)
		}
	}
	if len(l.Public) == 0 {
		if l.Public, err = open("--listen", public); err != nil {
			return l, err
		}
	}
	if len(l.Admin) == 0 && admin != "" {
		l.Admin, err = open("--admin", admin)
	}
	return l, err
}

// Exposed returns the address of an admin listener that other machines may reach, or nil if
// all of them are Unix sockets or on the loopback interface.
func (l Listeners) Exposed() net.Addr {
	for _, admin := range l.Admin {
		switch a := admin.Addr().(type) {
		case *net.UnixAddr:
		case *net.TCPAddr:
			if !a.IP.IsLoopback() {
				return a
			}
		default:
			return a
		}
	}
	return nil
}

// networkOf splits an address of the form HOST:PORT or unix:/PATH.
func networkOf(address string) (network, rest string) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "unix", path
	}
	return "tcp", address
}

// CheckAddress says what is wrong with an address that is not of one of these forms.
func CheckAddress(address string) error {
	switch network, rest := networkOf(address); {
	case network != "unix":
		if _, _, err := net.SplitHostPort(rest); err != nil || strings.Contains(rest, "/") {
			return fmt.Errorf("%q is neither of the form HOST:PORT nor unix:/PATH", address)
		}
	case rest == "":
		return errors.New("unix: needs a path, as in unix:/run/thumbery.sock")
	}
	return nil
}

func open(flag, address string) ([]net.Listener, error) {
	if err := CheckAddress(address); err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	network, address := networkOf(address)
	if network == "unix" {
		removeStale(address)
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
