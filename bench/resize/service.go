package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// op is a resizing operation.
type op struct {
	name          string
	width, height int    // height 0 is any
	format        string // what f_ asks for; empty keeps the original's
}

// ops are what is measured.
var ops = []op{
	{"300x300", 300, 300, ""},
	{"640x", 640, 0, ""},
	{"1200x", 1200, 0, ""},
	{"300x300,f_webp", 300, 300, "webp"},
}

// service is a server that is measured.
type service struct {
	name string
	pid  int
	// url gives the address of a picture. round is another number each time, for
	// those that have a cache.
	url func(file string, o op, round int) string
}

// thumbery starts the program with an empty cache, a folder as the source, and more flags.
func (b *bench) thumbery(dir string, more ...string) (*service, error) {
	cache, err := os.MkdirTemp(b.temp, "cache-")
	if err != nil {
		return nil, err
	}
	b.cleanup = append(b.cleanup, func() error { return os.RemoveAll(cache) })
	address, err := pinned.FreeAddress()
	if err != nil {
		return nil, err
	}
	args := []string{
		"serve", "--listen", address, "--admin", "", "--cache", cache, "--source", "/=file://" + dir, "--max-versions", "0", "--resize-timeout", "10m", // also on a busy machine
	}
	if b.engine != "" {
		args = append(args, "--engine", b.engine)
	}
	pid, err := b.spawn(address, b.binary, append(args, more...)...)
	if err != nil {
		return nil, err
	}
	return &service{name: "thumbery", pid: pid, url: func(file string, o op, round int) string {
		size := fmt.Sprintf("%dx", o.width)
		if o.height > 0 {
			size += strconv.Itoa(o.height)
		}
		if o.format != "" {
			size += ",f_" + o.format
		}
		return fmt.Sprintf("http://%s/%s,v_%d/%s", address, size, round, url.PathEscape(file))
	}}, nil
}

// spawn starts a program, waits until it listens, and has it stopped later.
func (b *bench) spawn(address, binary string, args ...string) (pid int, err error) {
	p, err := program.Start(address, nil, binary, args...)
	if err != nil {
		return 0, err
	}
	b.cleanup = append(b.cleanup, func() error { p.Terminate(); return nil })
	return p.PID(), nil
}

// load asks for every file once, so many at once, and returns the bytes that
// came.
func (s *service) load(files []string, o op, round, clients int) (bytes int64, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 2 * time.Minute}
	defer client.CloseIdleConnections()
	next := make(chan string)
	var all sync.WaitGroup
	var mu sync.Mutex
	for range clients {
		all.Go(func() {
			for file := range next {
				body, e := get(client, s.url(file, o, round))
				mu.Lock()
				bytes += int64(len(body))
				if e != nil && err == nil {
					err = e
				}
				mu.Unlock()
			}
		})
	}
	for _, file := range files {
		next <- file
	}
	close(next)
	all.Wait()
	return bytes, err
}

func get(client *http.Client, address string) ([]byte, error) {
	r, err := client.Get(address)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "image/") {
		return nil, fmt.Errorf("%s: %s %.300s", address, r.Status, body)
	}
	return body, nil
}
