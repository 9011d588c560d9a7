package lifecycle

import (
	"net"
	"path/filepath"
	"testing"
)

func TestExposed(t *testing.T) {
	t.Parallel()
	for address, exposed := range map[string]bool{
		"127.0.0.1:0": false, "127.1.2.3:0": false, "localhost:0": false, "unix:" + filepath.Join(t.TempDir(), "a"): false, "": false,
		":0": true, "0.0.0.0:0": true, "[::]:0": true,
	} {
		l, err := Listen("127.0.0.1:0", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Exposed(); (got != nil) != exposed {
			t.Errorf("%s: %v", address, got)
		}
		for _, one := range append(l.Public, l.Admin...) {
			one.Close()
		}
	}
	for _, address := range []net.Addr{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, &net.TCPAddr{}, &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}} {
		l := Listeners{Admin: []net.Listener{fakeListener{address: &net.UnixAddr{}}, fakeListener{address: address}}}
		if l.Exposed() != address {
			t.Errorf("%v is not exposed", address)
		}
	}
	if got := (Listeners{Admin: []net.Listener{fakeListener{address: &net.TCPAddr{IP: net.IPv6loopback}}}}).Exposed(); got != nil {
		t.Errorf("%v is exposed", got)
	}
}

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"127.0.0.1:8081": true, ":8081": true, "[::1]:0": true, "localhost:http": true, "unix:/a": true, "unix:a": true,
		"http://127.0.0.1:8081": false, "127.0.0.1:8081/": false, "127.0.0.1": false, "::1": false, "unix:": false, "": false,
	} {
		if err := CheckAddress(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
