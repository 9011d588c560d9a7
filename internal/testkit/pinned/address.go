package pinned

import (
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
)

// Ports from firstPort, below endPort, are not ephemeral: Linux takes those from 32768, and
// other systems from 49152.
const firstPort, endPort = 20_000, 32_000

// MustFreeAddress is FreeAddress for a test, which an error ends.
func MustFreeAddress(t T) string {
	t.Helper()
	address, err := FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// reserved are the sockets of reserve. A listener that nobody refers to is closed.
var (
	mu       sync.Mutex
	reserved []net.Listener
)

// FreeAddress returns an unused address of the loopback interface. The kernel does not use
// its port for outgoing connections: a stopped server finds its port free when it is
// started again, and a client that connects meanwhile is not connected with itself. On Linux,
// no other process gets the port from FreeAddress while this one runs.
func FreeAddress() (string, error) {
	var err error
	for range 100 {
		port := firstPort + rand.IntN(endPort-firstPort)
		var l net.Listener
		if err = reserve(port); err != nil {
			continue
		}
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", err
}

// reserve takes a port for this process, by an abstract socket of that name, which needs no
// file and ends with the process.
func reserve(port int) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	l, err := net.Listen("unix", fmt.Sprintf("@thumbery-test-%d", port))
	if err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	reserved = append(reserved, l)
	return nil
}
