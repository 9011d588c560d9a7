package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// setup is a server, and what it serves.
type setup struct {
	*bench
	dir, cache string   // of originals, and of the server's
	flags      []string // more than the usual ones
	photos     []string
	server     *program.Program
	mix        *outage.Mix // for the hits
	admin      *outage.Client
	base       *base
	links      atomic.Int64 // makes keys that were never used
}

// cached is how many pictures are asked for as hits.
const cached = 50

// fill makes the originals of honest requests.
func (s *setup) fill() (err error) {
	for n := range 2 * cached {
		file := filepath.Join(s.dir, outage.Key(n))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, outage.Picture(n, outage.Width, outage.Height), 0o644); err != nil {
			return err
		}
	}
	photos, err := filepath.Glob("testdata/photos/*.jpg")
	if err != nil || len(photos) == 0 {
		return errors.Join(err, errors.New("there are no photographs in testdata"))
	}
	for i, photo := range photos {
		data, err := os.ReadFile(photo)
		if err != nil {
			return err
		}
		s.photos = append(s.photos, fmt.Sprintf("photo-%d.jpg", i))
		if err := os.WriteFile(filepath.Join(s.dir, s.photos[i]), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// link gives a file of s.dir another name, so that nothing is known of it.
func (s *setup) link(file string) (key string, err error) {
	key = fmt.Sprintf("%d-%s", s.links.Add(1), file)
	return key, os.Link(filepath.Join(s.dir, file), filepath.Join(s.dir, key))
}

// start starts the server, with every format, and default flags but for where things are,
// a bounded cache and memory that is the same everywhere, and has the hits cached.
func (s *setup) start(ctx context.Context) error {
	public, err := pinned.FreeAddress()
	if err != nil {
		return err
	}
	admin, err := pinned.FreeAddress()
	if err != nil {
		return err
	}
	s.server, err = program.Start(
		public, nil, s.binary, append([]string{
			"serve", "--jp2", "--pdf", "--memory", memory(shareMiB), "--listen", public, "--admin", admin, "--cache", s.cache, "--source", "/=file:" + s.dir,
			"--purge-every", "1m", "--max-size", "2GiB", // every mutant leaves an original, and derivatives
		}, s.flags...)...,
	)
	if err != nil {
		return err
	}
	s.admin = outage.NewClient("http://"+admin, 1)
	s.mix = &outage.Mix{Client: outage.NewClient("http://"+public, 64), Pictures: 2 * cached, Clients: 4}
	return s.mix.Warm(ctx)
}

// shareMiB is the memory of each process that makes pictures, so that results can be
// compared.
const shareMiB = 1024

// memory is the --memory with which each process that makes pictures may take so many MiB.
func memory(mib int) string { return fmt.Sprintf("%dMiB", mib*runtime.NumCPU()) }

// died reports that the server has ended. It is started again then.
func (s *setup) died(ctx context.Context) (bool, error) {
	select {
	case <-s.server.Ended():
		return true, s.start(ctx)
	default:
		return false, nil
	}
}

// The honest load, in requests a second.
const missRate, hitRate = 10, 100

// offer asks for honest misses and hits until ctx ends, and at most for so long, and
// waits for the last answers.
func (s *setup) offer(ctx context.Context, d time.Duration, misses, hits *outage.Took) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.mix.OfferHits(ctx, hitRate, d, hits)
	}()
	n := 0
	outage.Offer(ctx, missRate, d, func() func() {
		photo := s.photos[n%len(s.photos)]
		n++
		return func() { misses.Add(s.ask(context.WithoutCancel(ctx), "300x200", photo)) }
	})
	<-done
}

// ask asks for a file of s.dir under a new name.
func (s *setup) ask(ctx context.Context, options, file string) outage.Answer {
	key, err := s.link(file)
	if err != nil {
		return outage.Answer{Err: err}
	}
	return s.mix.Client.Get(ctx, "/"+options+"/"+key)
}
