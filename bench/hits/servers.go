package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/nginx"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// picture is some 20 KB.
const picture = "/420x280/photos/coast.jpg"

// contestant is one way to get the same bytes.
type contestant struct {
	name, url string
	pid       int // of the process whose CPU time is of interest; 0 for none
	rates     []float64
	micros    []float64 // CPU time of that process, a request
}

// start starts all servers and returns what is to be measured.
func (b *bench) start() ([]*contestant, error) {
	accel := b.socket("accel")
	accelPID, err := b.thumbery("unix:"+accel, "--accel", "/cache/")
	if err != nil {
		return nil, err
	}
	address, err := b.nginx(accel)
	if err != nil {
		return nil, err
	}
	front := "http://" + address
	file, err := b.warm(front + picture)
	if err != nil {
		return nil, err
	}
	contestants := []*contestant{
		{name: "nginx, static file", url: front + "/static/" + file},
		{name: "nginx + X-Accel-Redirect", url: front + picture, pid: accelPID},
	}
	bare := b.socket("bare")
	barePID, err := b.spawn(bare, os.Args[0], "--bare", bare, "--cache", b.cache)
	if err != nil {
		return nil, err
	}
	if address, err = b.nginx(bare); err != nil {
		return nil, err
	}
	contestants = append(contestants, &contestant{
		name: "nginx + a bare handler", url: "http://" + address + "/" + file, pid: barePID,
	})
	for _, own := range []struct{ name, hot string }{{"thumbery, sendfile", "0"}, {"thumbery, from memory", "64MiB"}} {
		if address, err = pinned.FreeAddress(); err != nil {
			return nil, err
		}
		pid, err := b.thumbery(address, "--hot", own.hot)
		if err != nil {
			return nil, err
		}
		contestants = append(contestants, &contestant{name: own.name, url: "http://" + address + picture, pid: pid})
	}
	return contestants, nil
}

func (b *bench) socket(name string) string { return filepath.Join(b.dir, name+".sock") }

// thumbery starts a server on the one cache directory, and returns its process id.
func (b *bench) thumbery(listen string, args ...string) (pid int, err error) {
	return b.spawn(strings.TrimPrefix(listen, "unix:"), b.binary, append([]string{
		"serve", "--listen", listen, "--admin", "", "--cache", b.cache, "--source", "/=file:testdata",
	}, args...)...)
}

// spawn starts a program that is stopped when the run ends, and waits until it
// listens.
func (b *bench) spawn(address, binary string, args ...string) (pid int, err error) {
	p, err := program.Start(address, nil, binary, args...)
	if err != nil {
		return 0, err
	}
	b.cleanup = append(b.cleanup, func() error { p.Terminate(); return nil })
	return p.PID(), nil
}

// nginx starts nginx with deploy/nginx.conf and a location for the static file, and
// returns its address.
func (b *bench) nginx(socket string) (address string, err error) {
	s, err := nginx.Start(nginx.Config{
		File: "deploy/nginx.conf", Public: "unix:" + socket, Admin: "127.0.0.1:9",
		Cache: b.cache, Workers: b.workers, Log: os.Stderr,
		Edit: func(text string) string {
			static := "location /static/ { alias " + b.cache + "/; default_type image/jpeg; sendfile on; tcp_nopush on; etag on; }\n"
			return strings.Replace(text, "    location / {", static+"    location / {", 1)
		},
	})
	if err != nil {
		return "", err
	}
	b.cleanup = append(b.cleanup, s.Close)
	return s.Address, nil
}

// warm has the picture made, checks that it is one, and returns the path of its
// file in the cache directory.
func (b *bench) warm(url string) (file string, err error) {
	r, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s %.200s", url, r.Status, body)
	}
	found, err := filepath.Glob(filepath.Join(b.cache, "derivatives", "*", "*"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("%d files in the cache, want one", len(found))
	}
	fmt.Printf("%s, %d bytes\n", picture, len(body))
	return filepath.Rel(b.cache, found[0])
}

// serveBare is the least that a server can do here: a stat, and the header.
func serveBare(socket, cache string) error {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.Lstat(cache + r.URL.Path); err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "image/jpeg")
		h.Set("Cache-Control", "public, max-age=2592000, immutable")
		h.Set("X-Accel-Redirect", "/cache"+r.URL.Path)
	}))
}
