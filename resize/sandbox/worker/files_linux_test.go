package worker_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// outside are ways in which a drawing may name a file or a server; %s is its URL.
var outside = []string{
	`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"><image width="9" height="9" xlink:href="%s"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image width="9" height="9" href="%s"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"><use xlink:href="%s#x"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><filter id="f"><feImage href="%s"/></filter><rect width="9" height="9" filter="url(#f)"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="url(%s#x)"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xi="http://www.w3.org/2001/XInclude" width="9" height="9"><text y="9"><xi:include href="%s" parse="text"/></text></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><style>@import url("%s");</style><rect width="9" height="9"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><style>@font-face{font-family:x;src:url("%s")}</style><text y="9" font-family="x">x</text></svg>`,
	`<?xml-stylesheet type="text/css" href="%s"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`,
	`<!DOCTYPE svg [<!ENTITY x SYSTEM "%s">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9">&x;</text></svg>`,
	`<!DOCTYPE svg SYSTEM "%s"><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`,
}

// Files and servers that a drawing names are not touched: neither behind the walls nor by
// librsvg itself without them.
func TestDrawingsNameNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.svg")
	if err := os.WriteFile(secret, []byte(`<svg xmlns="http://www.w3.org/2000/svg" id="x" width="9" height="9"/>`), 0o644); err != nil {
		t.Fatal(err)
	}
	opened := watch(t, dir)
	server, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for _, c := range []*child{start(t, setUp()), start(t, setUp(), withoutWalls)} {
		for _, format := range outside {
			for _, url := range []string{secret, "file://" + secret, fmt.Sprintf("http://%s/x.svg", server.Addr())} {
				src := []byte(fmt.Sprintf(format, url))
				if h, err := c.header(src); err == nil {
					c.make(src, h, "9x9,f_png")
				}
			}
		}
		c.stop()
	}
	if opened() {
		t.Error("a file was opened that a drawing names")
	}
	mine, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	if first, err := server.Accept(); err != nil || first.RemoteAddr().String() != mine.LocalAddr().String() {
		t.Errorf("a server was called that a drawing names: %v, %v", first, err)
	}
	if _, err := os.ReadFile(secret); err != nil || !opened() {
		t.Errorf("what is opened is not seen: %v", err)
	}
}

// watch returns a function that reports whether a file of a directory was opened since
// it was called.
func watch(t *testing.T, dir string) (opened func() bool) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_OPEN|unix.IN_ACCESS); err != nil {
		t.Fatal(err)
	}
	return func() bool {
		n, err := unix.Read(fd, make([]byte, 4096))
		return err == nil && n > 0
	}
}
