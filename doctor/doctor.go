// Package doctor checks what serving needs from the machine: libvips, memory, the
// cache directory and the origins.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
)

// Status is the result of a check.
type Status string

// The values of Status.
const (
	OK    Status = "ok"
	Slow  Status = "slow"  // it works, and less well than it could
	Wrong Status = "wrong" // serve fails, or answers some requests with errors
)

// Check is a result, on one line.
type Check struct {
	Status  Status
	Name    string
	Message string // the result, and what to do
}

// Config is what is checked.
type Config struct {
	// Engine starts what makes pictures, and returns what that says of itself.
	Engine  func(context.Context) (engine.Capabilities, error)
	Formats header.Formats // that serve is to read
	Cache   string         // the cache directory
	Sources []storage.Source
	Open    func(*url.URL) (storage.Backend, error)
}

// Run makes all checks. It changes nothing.
func Run(ctx context.Context, c Config) []Check {
	return slices.Concat(checkEngine(ctx, c), checkDescriptors(), checkCache(c.Cache), checkSources(ctx, c))
}

func checkEngine(ctx context.Context, c Config) []Check {
	able, err := c.Engine(ctx)
	if err != nil {
		return []Check{{Wrong, "libvips", oneLine(err.Error())}}
	}
	library := Check{OK, "libvips", able.Libvips + " " + able.Speed.String()}
	if advice := able.Speed.Advice(); advice != "" {
		library.Status, library.Message = Slow, library.Message+"; "+advice
	}
	return []Check{
		library,
		checkFormats("reads", able.Reads, requiredFormats(c.Formats)),
		checkFormats("writes", able.Writes, resize.WrittenFormats),
	}
}

// requiredFormats are those of the formats to be read that libvips must have: what web
// pages are made of, and what was asked for besides the default.
func requiredFormats(asked header.Formats) header.Formats {
	return asked & (resize.WrittenFormats | header.AllFormats&^header.DefaultFormats)
}

// checkFormats names the formats there are, and those that are missing. The engine has
// tried that AVIF can be written: libvips may have the saver without an encoder.
func checkFormats(does string, have, required header.Formats) Check {
	if missing := required &^ have; missing != 0 {
		return Check{Wrong, does, fmt.Sprintf("%s, but not %s: install a libvips built with it", names(have), names(missing))}
	}
	return Check{OK, does, names(have)}
}

func names(formats header.Formats) string { return strings.ReplaceAll(formats.String(), ",", " ") }

// backendTimeout bounds what one backend may take to answer, as in /readyz.
const backendTimeout = 5 * time.Second

// checkSources opens the sources as serve does, and asks all backends at once.
func checkSources(ctx context.Context, c Config) []Check {
	var checks []Check
	var mounts storage.Mounts
	var backends []storage.Backend
	for _, s := range c.Sources {
		opened, err := openAll(s, c.Open)
		if err == nil {
			err = mounts.Add(s.Prefix, storage.Chain())
		}
		if err != nil {
			checks = append(checks, Check{Wrong, "source", fmt.Sprintf("%s: %v", s, err)})
			continue
		}
		backends = append(backends, opened...)
	}
	answers := make([]Check, len(backends))
	var all sync.WaitGroup
	for i, backend := range backends {
		all.Go(func() { answers[i] = checkBackend(ctx, backend) })
	}
	all.Wait()
	return append(checks, answers...)
}

func openAll(s storage.Source, open func(*url.URL) (storage.Backend, error)) (backends []storage.Backend, err error) {
	for _, u := range slices.Concat(s.URLs...) {
		backend, err := open(u)
		if err != nil {
			return nil, err
		}
		backends = append(backends, backend)
	}
	return backends, nil
}

func checkBackend(ctx context.Context, backend storage.Backend) Check {
	ctx, cancel := context.WithTimeout(ctx, backendTimeout)
	defer cancel()
	started := time.Now()
	err := backend.Check(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Check{Wrong, "source", fmt.Sprintf("%s: no answer within %v", backend, backendTimeout)}
	case err != nil:
		return Check{Wrong, "source", oneLine(fmt.Sprintf("%s: %v", backend, err))}
	}
	return Check{OK, "source", fmt.Sprintf("%s answers, in %v", backend, time.Since(started).Round(time.Millisecond))}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
