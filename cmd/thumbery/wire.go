package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/dir"
	"github.com/thumbery/thumbery/storage/s3"
)

// fetchTimeout bounds one fetch from an origin; the largest original allowed
// arrives in it at 1 MiB a second.
const fetchTimeout = 65 * time.Second

// service is what serve serves, and who keeps its cache.
type service struct {
	public, admin http.Handler
	keeper        *keeper // or nil
}

// wire puts the packages together. Its errors are mistakes in the flags.
func (c *serveCmd) wire(log *slog.Logger) (service, error) {
	keys, err := c.keyring()
	if err != nil {
		return service{}, err
	}
	presets, err := c.presets()
	if err != nil {
		return service{}, err
	}
	handOver, err := c.handOver()
	if err != nil {
		return service{}, err
	}
	origin, err := c.origin()
	if err != nil {
		return service{}, err
	}
	engine, marks, err := c.engine()
	if err != nil {
		return service{}, err
	}
	settings := c.settings(engine, marks)
	if err := checkPresets(presets, settings); err != nil {
		return service{}, err
	}
	dir, err := c.open(log)
	if err != nil {
		return service{}, err
	}
	gate := resize.NewGate(c.workers(), int64(c.MaxPixels), c.Queue)
	var p *pipeline.Pipeline
	m := metrics.New(version, metrics.State{
		Gate: gate.Load, Memory: func() (int, int64) { return p.Memory() },
		DiskLow: dir.reserve.Low, Stock: func() [cache.Tiers]cache.Count { return dir.inventory.Stock().ByTier() },
	})
	p = pipeline.New(pipeline.Config{
		Origin: origin, Journal: dir.journal, Originals: dir.originals, Derivatives: dir.derivatives, HotBytes: c.hotBytes(),
		Resizer: engine, Gate: gate, Settings: settings, ServeBroken: c.servesBroken(), MaxBytes: int64(c.MaxBytes),
		FetchTimeout: fetchTimeout, ResizeTimeout: c.ResizeTimeout, Observer: observer{m, dir.inventory}, Log: log, Now: time.Now,
	})
	public := api.New(api.Config{
		Pipeline: p, Presets: presets, Keys: keys, Limits: c.limits(), Format: c.format(), ClientHints: c.ClientHints,
		MaxAge: c.MaxAge, CORS: c.CORS,
		HandOver: handOver, Observer: m, Log: log,
	})
	admin := api.NewAdmin(api.AdminConfig{
		Checks: c.checks(origin, dir), Metrics: m.Handler(), Forget: dir.forget(p), Stock: c.stock(dir, p), Log: log,
	})
	return service{public, admin, dir.keeper}, nil
}

// hotBytes is what the memory tier gets. With a server in front that reads the
// disk, the kernel keeps there what is hot.
func (c *serveCmd) hotBytes() int64 {
	if c.Accel != "" || c.SendfileHeader != "" {
		return 0
	}
	return int64(c.Hot)
}

// origin opens all places and mounts them.
func (c *serveCmd) origin() (*storage.Mounts, error) {
	var mounts storage.Mounts
	for _, source := range c.Source {
		origin, err := openSource(source.Source)
		if err == nil {
			err = mounts.Add(source.Prefix, origin)
		}
		if err != nil {
			return nil, usage(fmt.Errorf("--source %s: %w", source, err))
		}
	}
	return &mounts, nil
}

func openSource(s storage.Source) (storage.Origin, error) {
	var places []storage.Origin
	for _, u := range s.URLs {
		place, err := openPlace(u)
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	if len(places) == 1 {
		return places[0], nil
	}
	return storage.Chain(places...), nil
}

func openPlace(u *url.URL) (storage.Origin, error) {
	switch u.Scheme {
	case "s3":
		return s3.Open(u)
	case "file":
		return openDir(u)
	}
	return nil, fmt.Errorf("%q is no kind of place: write s3://bucket or file:///dir", u.Scheme)
}

// openDir refuses a directory that is not there, which is a slip of the pen. One
// that cannot be read just now may be a file server that is down: /readyz says
// so, and what is in the cache is served.
func openDir(u *url.URL) (storage.Origin, error) {
	d, err := dir.Open(u)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(d.Root())
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, errors.New("there is no such directory; say where the pictures are, as in --source /=file:///srv/pictures or --source /=s3://bucket")
	}
	return d, nil
}

func (c *serveCmd) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// checks are what must work for the service to be ready.
func (c *serveCmd) checks(origin *storage.Mounts, d *cacheDir) []api.Check {
	checks := []api.Check{{Name: "cache " + c.Cache, Do: func(context.Context) error { return d.originals.Check() }}}
	for _, place := range origin.Places() {
		checks = append(checks, api.Check{Name: "origin " + place.String(), Do: place.Check})
	}
	return checks
}
