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
	"strings"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/dir"
	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/variant"
)

// fetchTimeout bounds one fetch from an origin; the largest original allowed
// arrives in it at 1 MiB a second.
const fetchTimeout = 65 * time.Second

// service is what serve serves.
type service struct{ public, admin http.Handler }

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
	if c.Accel != "" && !strings.HasPrefix(c.Accel, "/") {
		return service{}, usage(fmt.Errorf("--accel: %q does not begin with a slash", c.Accel))
	}
	origin, err := c.origin()
	if err != nil {
		return service{}, err
	}
	p, err := c.pipeline(origin, log)
	if err != nil {
		return service{}, err
	}
	m := metrics.New(version, metrics.State{Gate: p.Gate.Load, Memory: p.Memory})
	p.Observer = m
	public := api.New(api.Config{
		Pipeline: p, Presets: presets, Keys: keys, Limits: c.limits(), MaxAge: c.MaxAge, CORS: c.CORS,
		Accel: accelPrefix(c.Accel), Observer: m, Log: log,
	})
	return service{public, api.NewAdmin(api.AdminConfig{
		Checks: c.checks(origin, p), Metrics: m.Handler(), Forget: p.Forget, Log: log,
	})}, nil
}

// accelPrefix ends with one slash, so that a path can follow.
func accelPrefix(s string) string {
	if s == "" {
		return ""
	}
	return strings.TrimRight(s, "/") + "/"
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
	if _, err := os.Stat(d.Root()); errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no such directory; say where the pictures are, as in --source /=file:///srv/pictures or --source /=s3://bucket")
	}
	return d, nil
}

// pipeline opens the cache and the engine.
func (c *serveCmd) pipeline(origin storage.Origin, log *slog.Logger) (*pipeline.Pipeline, error) {
	originals, err := disk.Open(c.Cache, disk.Originals, disk.Options{})
	if err != nil {
		return nil, usage(fmt.Errorf("--cache: %w", err))
	}
	derivatives, err := disk.Open(c.Cache, disk.Derivatives, disk.Options{})
	if err != nil {
		return nil, usage(fmt.Errorf("--cache: %w", err))
	}
	engine, err := vips.New(vips.Options{})
	if err != nil {
		return nil, err
	}
	hot := int64(c.Hot)
	if c.Accel != "" {
		hot = 0 // nginx reads the disk, and the kernel keeps what is hot there
	}
	return pipeline.New(pipeline.Config{
		Origin: origin, Originals: originals, Derivatives: derivatives, HotBytes: hot,
		Resizer: engine, Gate: resize.NewGate(c.workers(), int64(c.MaxPixels), c.Queue),
		Settings: resize.Settings{MaxPixels: int64(c.MaxPixels), Quality: c.qualities(), CanWrite: engine.CanWrite},
		MaxBytes: int64(c.MaxBytes), FetchTimeout: fetchTimeout, Log: log, Now: time.Now,
	}), nil
}

func (c *serveCmd) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return runtime.GOMAXPROCS(0)
}

func (c *serveCmd) qualities() map[variant.Format]int {
	m := map[variant.Format]int{}
	for _, q := range c.Quality {
		m[q.format] = q.quality
	}
	return m
}

// checks are what must work for the service to be ready.
func (c *serveCmd) checks(origin *storage.Mounts, p *pipeline.Pipeline) []api.Check {
	checks := []api.Check{{Name: "cache " + c.Cache, Do: func(context.Context) error { return p.Originals.Check() }}}
	for _, place := range origin.Places() {
		checks = append(checks, api.Check{Name: "origin " + place.String(), Do: place.Check})
	}
	return checks
}
