package pinned

import (
	"fmt"
	"math/rand/v2"
	"net"
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

// FreeAddress returns an unused address of the loopback interface. The kernel does not use
// its port for outgoing connections: a stopped server finds its port free when it is
// started again, and a client that connects meanwhile is not connected with itself.
func FreeAddress() (string, error) {
	var err error
	for range 100 {
		var l net.Listener
		l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(endPort-firstPort)))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", err
}
