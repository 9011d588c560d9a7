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
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
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

// Engine is what the engine says of itself.
type Engine struct {
	Version  string // of libvips
	Advice   string // what would make it faster; "" if nothing would
	Readable []variant.Format
	Writable []variant.Format
}

// Config is what is checked.
type Config struct {
	Engine  func() (Engine, error)
	Formats header.Formats // that serve is to read
	Cache   string         // the cache directory
	Sources []storage.Source
	Open    func(*url.URL) (storage.Origin, error) // opens a backend
}

// Run makes all checks. It changes nothing.
func Run(ctx context.Context, c Config) []Check {
	return slices.Concat(checkEngine(c), checkMalloc(), checkDescriptors(), checkCache(c.Cache), checkSources(ctx, c))
}

func checkEngine(c Config) []Check {
	engine, err := c.Engine()
	if err != nil {
		return []Check{{Wrong, "libvips", err.Error()}}
	}
	library := Check{OK, "libvips", engine.Version}
	if engine.Advice != "" {
		library.Status, library.Message = Slow, library.Message+"; "+engine.Advice
	}
	return []Check{
		library,
		checkFormats("reads", engine.Readable, requiredFormats(c.Formats)),
		checkFormats("writes", engine.Writable, resize.WrittenFormats),
	}
}

// requiredFormats are those of the formats to be read that libvips must have: what web
// pages are made of, and what was asked for besides the default.
func requiredFormats(asked header.Formats) header.Formats {
	return asked & (resize.WrittenFormats | header.AllFormats&^header.DefaultFormats)
}

// checkFormats names the formats there are, and those that are missing. The engine has
// tried that AVIF can be written: libvips may have the saver without an encoder.
func checkFormats(does string, have []variant.Format, required header.Formats) Check {
	if missing := required.Without(have...).List(); len(missing) > 0 {
		return Check{Wrong, does, fmt.Sprintf("%s, but not %s: install a libvips built with it", names(have), names(missing))}
	}
	return Check{OK, does, names(have)}
}

func names(formats []variant.Format) string {
	all := make([]string, len(formats))
	for i, f := range formats {
		all[i] = f.String()
	}
	return strings.Join(all, " ")
}

// backendTimeout bounds what one backend may take to answer, as in /readyz.
const backendTimeout = 5 * time.Second

// checkSources opens the sources as serve does, and asks all backends at once.
func checkSources(ctx context.Context, c Config) []Check {
	var checks []Check
	var mounts storage.Mounts
	for _, s := range c.Sources {
		backends, err := openAll(s, c.Open)
		if err == nil {
			err = mounts.Add(s.Prefix, storage.Chain(backends...))
		}
		if err != nil {
			checks = append(checks, Check{Wrong, "source", fmt.Sprintf("%s: %v", s, err)})
		}
	}
	backends := mounts.Backends()
	answers := make([]Check, len(backends))
	var all sync.WaitGroup
	for i, backend := range backends {
		all.Go(func() { answers[i] = checkBackend(ctx, backend) })
	}
	all.Wait()
	return append(checks, answers...)
}

func openAll(s storage.Source, open func(*url.URL) (storage.Origin, error)) (backends []storage.Origin, err error) {
	for _, u := range slices.Concat(s.URLs...) {
		backend, err := open(u)
		if err != nil {
			return nil, err
		}
		backends = append(backends, backend)
	}
	return backends, nil
}

func checkBackend(ctx context.Context, backend storage.Origin) Check {
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
