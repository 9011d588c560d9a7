package pinned

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// FreeAddress returns ports that the kernel does not use for outgoing connections, neither
// Linux (from 32768) nor IANA's 49152: a stopped server finds its port free when it is
// started again, and a client that connects meanwhile is not connected with itself.
const firstPort, endPort = 20_000, 32_000

// FreeAddress is an unused port of the loopback interface.
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
