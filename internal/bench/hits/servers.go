package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/thumbery/thumbery/internal/nginx"
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
	accelPID, err := b.thumbery("accel", "unix:"+accel, "--accel", "/cache/")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if err := b.nginx(address, accel); err != nil {
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
	barePID, err := b.spawn("bare", os.Args[0], "--bare", bare, "--cache", b.cache)
	if err != nil {
		return nil, err
	}
	if err := waitFor("unix", bare); err != nil {
		return nil, err
	}
	if address, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := b.nginx(address, bare); err != nil {
		return nil, err
	}
	contestants = append(contestants, &contestant{
		name: "nginx + a bare handler", url: "http://" + address + "/" + file, pid: barePID,
	})
	for _, own := range []struct{ name, hot string }{{"thumbery, sendfile", "0"}, {"thumbery, from memory", "64MiB"}} {
		if address, err = freeAddress(); err != nil {
			return nil, err
		}
		pid, err := b.thumbery("own"+own.hot, address, "--hot", own.hot)
		if err != nil {
			return nil, err
		}
		contestants = append(contestants, &contestant{name: own.name, url: "http://" + address + picture, pid: pid})
	}
	return contestants, nil
}

func (b *bench) socket(name string) string { return filepath.Join(b.dir, name+".sock") }

// thumbery starts a server on the one cache directory, with its log in a file,
// and returns its process id.
func (b *bench) thumbery(name, listen string, args ...string) (pid int, err error) {
	pid, err = b.spawn(name, b.binary, append([]string{
		"serve", "--listen", listen, "--admin", "", "--cache", b.cache, "--source", "/=file:testdata",
	}, args...)...)
	if err != nil {
		return 0, err
	}
	network := "tcp"
	if path, ok := strings.CutPrefix(listen, "unix:"); ok {
		network, listen = "unix", path
	}
	return pid, waitFor(network, listen)
}

// spawn starts a program that is stopped when the run ends.
func (b *bench) spawn(name, program string, args ...string) (pid int, err error) {
	log, err := os.Create(filepath.Join(b.dir, name+".log"))
	if err != nil {
		return 0, err
	}
	b.cleanup = append(b.cleanup, log.Close)
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	b.cleanup = append(b.cleanup, func() error {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have gone already
		_ = cmd.Wait()                          // how it ended does not matter any more
		return nil
	})
	return cmd.Process.Pid, nil
}

// nginx starts nginx with deploy/nginx.conf and a location for the static file.
func (b *bench) nginx(address, socket string) error {
	s, err := nginx.Start(nginx.Config{
		File: "deploy/nginx.conf", Listen: address, Public: "unix:" + socket, Admin: "127.0.0.1:9",
		Cache: b.cache, Workers: b.workers, Log: os.Stderr,
		Edit: func(text string) string {
			static := "location /static/ { alias " + b.cache + "/; default_type image/jpeg; sendfile on; tcp_nopush on; etag on; }\n"
			return strings.Replace(text, "    location / {", static+"    location / {", 1)
		},
	})
	if err == nil {
		b.cleanup = append(b.cleanup, s.Close)
	}
	return err
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

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// waitFor waits until something listens.
func waitFor(network, address string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if c, err := net.Dial(network, address); err == nil {
			return c.Close()
		}
		<-tick.C
	}
	return fmt.Errorf("nothing listens at %s", address)
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
