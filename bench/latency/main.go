// Command latency measures how long a hit on disk takes with few and with many files in
// the cache, over HTTP, without the memory cache. It prints medians, 99th percentiles and
// the ratio of the latter.
//
//	go -C bench run ./latency [-files 1000,1000000]
package main

import (
	"flag"
	"fmt"
	"image"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

const (
	clients  = 4
	requests = 40_000 // a round, of which there are several
	rounds   = 3
)

func main() {
	files := flag.String("files", "1000,1000000", "how many files to measure with")
	dir := flag.String("dir", "", "where to make the caches, instead of a temporary directory")
	flag.Parse()
	program.Main("latency", func(pinned.T) error { return run(*files, *dir) })
}

func run(files, dir string) error {
	var servers []*server
	for n := range strings.SplitSeq(files, ",") {
		count, err := strconv.Atoi(n)
		if err != nil {
			return err
		}
		s := newServer(dir, count)
		defer s.close()
		servers = append(servers, s)
	}
	// In turn, so that what else the machine does hits all alike.
	for range rounds {
		for _, s := range servers {
			s.measure()
		}
	}
	for _, s := range servers {
		slices.Sort(s.took)
		fmt.Printf("%9d files: p50 %v, p99 %v, p99 ratio %.2f\n", s.files, s.at(50), s.at(99), float64(s.at(99))/float64(servers[0].at(99)))
	}
	return nil
}

// server is a service over a cache of so many derivatives.
type server struct {
	files int
	dir   string
	http  *httptest.Server
	took  []time.Duration
}

func newServer(parent string, files int) *server {
	dir, err := os.MkdirTemp(parent, "thumbery-bench-latency-")
	check(err)
	open := func(tier string) *disk.Store {
		s, err := disk.Open(dir, tier, disk.Options{})
		check(err)
		return s
	}
	resizer, settings := &resizetest.Fake{}, resize.Settings{}
	fill(dir, files, resizer.Recipe()+" "+settings.Recipe())
	quiet := slog.New(slog.DiscardHandler)
	p := pipeline.New(pipeline.Config{
		Originals: originals.Config{
			Origin: storagetest.NewFake(nil), Cache: open(disk.Originals), Fetches: gate.New(1, 0, 0), MaxBytes: 1, FetchTimeout: time.Second,
		},
		Derivatives: derivatives.Config{Cache: open(disk.Derivatives)},
		Render:      render.Config{Resizer: resizer, Gate: gate.New(1, 1, 0), Settings: settings},
		Log:         quiet, Now: time.Now,
	})
	return &server{files: files, dir: dir, http: httptest.NewServer(api.New(api.Config{Pipeline: p, Log: quiet}))}
}

func (s *server) close() {
	s.http.Close()
	check(os.RemoveAll(s.dir))
}

func key(i int) variant.Key { return variant.Key(fmt.Sprintf("photos/%d.jpg", i)) }

// fill puts derivatives there without the store, which would take hours to sync
// them.
func fill(dir string, files int, recipe string) {
	v, err := variant.Parse("300x200")
	check(err)
	picture := resizetest.JPEG(image.NewGray(image.Rect(0, 0, 300, 200)))
	for i := range files {
		name := string(v.Name(key(i), 0, recipe))
		file := filepath.Join(dir, disk.Derivatives, name[:3], name)
		check(os.MkdirAll(filepath.Dir(file), 0o755))
		check(os.WriteFile(file, picture, 0o644))
	}
}

// measure asks for pictures at random.
func (s *server) measure() {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			took := make([]time.Duration, 0, requests/clients)
			for range requests / clients {
				took = append(took, s.ask(client, rand.IntN(s.files)))
			}
			mu.Lock()
			defer mu.Unlock()
			s.took = append(s.took, took...)
		})
	}
	all.Wait()
	client.CloseIdleConnections()
}

func (s *server) ask(client *http.Client, i int) time.Duration {
	began := time.Now()
	res, err := client.Get(s.http.URL + "/300x200/" + string(key(i)))
	check(err)
	_, err = io.Copy(io.Discard, res.Body)
	check(err)
	check(res.Body.Close())
	took := time.Since(began)
	if status := res.Header.Get("Cache-Status"); !strings.Contains(status, "hit") {
		log.Fatalf("picture %d is no hit but %d %q", i, res.StatusCode, status)
	}
	return took
}

func (s *server) at(percent int) time.Duration {
	return s.took[len(s.took)*percent/100].Round(time.Microsecond)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
