// Package doctor checks what serving needs from the machine: libvips, memory, the
// cache directory and the origins.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/internal/summary"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Status is the result of a check.
type Status string

// The values of Status.
const (
	OK    Status = "ok"
	Slow  Status = "slow"  // it works, and less well than it could
	Weak  Status = "weak"  // it works, and with less protection than there could be
	Wrong Status = "wrong" // serve fails, or answers some requests with errors
)

// Check is a result, on one line.
type Check struct {
	Status  Status
	Name    string
	Message string // the result, and what to do
}

// Engine is what the child processes that make pictures say of themselves.
type Engine struct {
	engine.Capabilities
	Workers int   // how many there are
	Memory  int64 // that each may take, in bytes; 0 is no limit
	Walls   []sandbox.Wall
}

// Config is what is checked.
type Config struct {
	// Engine starts child processes, and returns what they say of themselves.
	Engine   func(context.Context) (Engine, error)
	Required bool           // all walls are, but for optional ones
	Formats  header.Formats // that serve is to read
	Cache    string         // the cache directory
	Sources  []storage.Source
	Open     func(*url.URL) (storage.Backend, error)
	// About, if not nil, is told what is looked at next, which can take seconds, after how
	// many of all.
	About func(done, all int, what string)
}

// Run makes all checks, and yields each as soon as there is a result. It changes nothing.
func Run(ctx context.Context, c Config) iter.Seq[Check] {
	parts := []struct {
		about string
		run   func() []Check
	}{
		{"child processes", func() []Check { return checkEngine(ctx, c) }},
		{"the system", checkDescriptors},
		{"the cache directory", func() []Check { return checkCache(c.Cache) }},
		{"the sources", func() []Check { return checkSources(ctx, c) }},
	}
	return func(yield func(Check) bool) {
		for i, part := range parts {
			if c.About != nil {
				c.About(i, len(parts), part.about)
			}
			for _, check := range part.run() {
				if !yield(check) {
					return
				}
			}
		}
	}
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
		checkMemory(able),
		checkSandbox(able.Walls, c.Required),
	}
}

// memoryScarce is how little memory a child process may have before the check is Slow: a
// picture of 100 megapixels, the most by default, can take as much.
const memoryScarce = 512 << 20

func checkMemory(e Engine) Check {
	if e.Memory == 0 {
		return Check{Weak, "memory", "no limit, as this system does not say how much there is; set --memory"}
	}
	c := Check{OK, "memory", fmt.Sprintf("up to %s for each of %s", humanize.IBytes(uint64(e.Memory)), summary.Plural(int64(e.Workers), "worker"))}
	if e.Memory < memoryScarce {
		c.Status, c.Message = Slow, c.Message+": large pictures are refused; set --memory, or fewer --workers"
	}
	return c
}

// checkSandbox names the walls that child processes work within, and those that they lack.
func checkSandbox(walls []sandbox.Wall, required bool) Check {
	var have, lack []string
	refused := false
	for _, w := range walls {
		if w.Missing == "" {
			have = append(have, w.Name)
		} else {
			lack = append(lack, fmt.Sprintf("no %s (%s)", w.Name, oneLine(w.Missing)))
			refused = refused || required && !w.Optional
		}
	}
	c := Check{OK, "sandbox", strings.Join(slices.Concat(have, lack), ", ")}
	switch {
	case refused:
		c.Status, c.Message = Wrong, c.Message+": serve does not start, with --sandbox=require"
	case len(lack) > 0:
		c.Status, c.Message = Weak, c.Message+": a picture that takes over a child process could do more"
	}
	return c
}

// requiredFormats are those of the formats to be read that libvips must have: what most web
// pages are made of, and what was asked for besides the default.
func requiredFormats(asked header.Formats) header.Formats {
	return asked & (resize.WrittenFormats.Without(variant.JXL) | header.AllFormats&^header.DefaultFormats)
}

// checkFormats names the formats there are, and those that are missing. The engine has
// tried that AVIF and JPEG XL can be written: libvips may have a saver without its encoder.
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
