// Package origins opens the backends of all sources, and puts their circuit breakers,
// mirrors, chains and repair together.
package origins

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/dir"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/repair"
	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/variant"
)

// Config says what to open, and whom to tell.
type Config struct {
	*settings.OriginFlags
	Paused  func() bool                               // suspends --repair
	Wrap    func(http.RoundTripper) http.RoundTripper // is put around the transports to S3; may be nil
	Metrics *metrics.Metrics
	Log     *slog.Logger
}

// Origins are the backends of all sources, opened and mounted.
type Origins struct {
	*storage.Mounts
	Repair *repair.Repair // nil without --repair

	config   Config
	backends []*breaker.Origin
	byURL    map[string]*breaker.Origin
	hedge    atomic.Bool
}

// Open opens all backends and mounts them. Its errors name the source, and are marked by
// exit.Usage.
func Open(c Config) (*Origins, error) {
	o := &Origins{Mounts: &storage.Mounts{}, byURL: map[string]*breaker.Origin{}, config: c}
	o.SetHedge(!c.NoHedge)
	if c.Repair {
		o.Repair = repair.New(repair.Options{Enabled: func() bool { return !c.Paused() }, Repaired: o.repaired})
	}
	for _, source := range c.Source {
		origin, err := o.chain(source)
		if err == nil {
			err = o.Add(source.Prefix, origin)
		}
		if err != nil {
			return nil, exit.Usage(fmt.Errorf("--source %s: %w", source, err))
		}
	}
	return o, nil
}

// chain is the origin of one source: a chain of mirrors of backends.
func (o *Origins) chain(s storage.Source) (storage.Origin, error) {
	var links []storage.Origin
	for _, urls := range s.URLs {
		var mirrors []storage.Origin
		for _, u := range urls {
			backend, err := o.backend(u)
			if err != nil {
				return nil, err
			}
			mirrors = append(mirrors, backend)
		}
		links = append(links, hedge.Mirrors(o.HedgeAfter, o.mirrorObserver(), mirrors...))
	}
	if o.Repair != nil && len(links) > 1 {
		return o.Repair.Chain(links...)
	}
	return storage.Chain(links...), nil
}

// backend opens a backend once, so that all sources that name it share its circuit
// breaker.
func (o *Origins) backend(u *url.URL) (*breaker.Origin, error) {
	if known, ok := o.byURL[u.String()]; ok {
		return known, nil
	}
	backend, err := OpenBackend(u, s3.Options{
		ConnectTimeout: o.config.ConnectTimeout, HeaderTimeout: o.config.FirstByteTimeout, StallTimeout: o.config.StallTimeout, Wrap: o.config.Wrap,
	})
	if err != nil {
		return nil, err
	}
	withBreaker := breaker.New(backend, o.breakerObserver())
	o.byURL[u.String()] = withBreaker
	o.backends = append(o.backends, withBreaker)
	return withBreaker, nil
}

// NameOf names the backends in which a key is looked for, "" if there are none.
func (o *Origins) NameOf(key variant.Key) string {
	origin, _, ok := o.Lookup(string(key))
	if !ok {
		return ""
	}
	return origin.String()
}

// Hedges reports whether slow requests are hedged: --hedge is given, and on.
func (o *Origins) Hedges() bool { return o.hedge.Load() }

// SetHedge switches hedging on, or off. It has no effect without --hedge.
func (o *Origins) SetHedge(on bool) { o.hedge.Store(on && o.config.Hedge > 0) }

// HedgeAfter is --hedge while hedging is on, and otherwise 0: never.
func (o *Origins) HedgeAfter() time.Duration {
	if o.hedge.Load() {
		return o.config.Hedge
	}
	return 0
}

// Probe notices that backends are back, whether or not there are requests.
func (o *Origins) Probe(ctx context.Context) { breaker.ProbeLoop(ctx, o.backends...) }

// Named yields each backend under a name of its own. In logs, two may have the same name, as
// when only their profile= differs.
func (o *Origins) Named(yield func(name string, g *breaker.Origin) bool) {
	times := map[string]int{}
	for _, g := range o.backends {
		name := g.String()
		if times[name]++; times[name] > 1 {
			name = fmt.Sprintf("%s #%d", name, times[name])
		}
		if !yield(name, g) {
			return
		}
	}
}

// States yields the state of each circuit breaker.
func (o *Origins) States(yield func(backend string, state int)) {
	for name, g := range o.Named {
		yield(name, int(g.State()))
	}
}

func (o *Origins) breakerObserver() breaker.Observer {
	return breaker.Observer{
		Attempted: func(backend string, _ time.Duration, err error) {
			o.config.Metrics.OriginRequest(backend, answerOf(err))
		},
		BodyFailed: func(backend string, err error) {
			o.config.Metrics.OriginRequest(backend, "broken")
			o.config.Log.Warn("cannot read the body of an original", "origin", backend, "cause", err)
		},
		StateChanged: func(backend string, to breaker.State) {
			level := slog.LevelInfo
			if to == breaker.Open {
				level = slog.LevelError
			}
			o.config.Log.Log(context.Background(), level, "circuit breaker "+to.String(), "origin", backend)
		},
	}
}

func (o *Origins) mirrorObserver() hedge.Observer {
	diverted := func(reason string) func(string) {
		return func(backend string) { o.config.Metrics.Diverted(backend, reason) }
	}
	return hedge.Observer{Hedged: diverted("hedge"), FailedOver: diverted("failover"), Resumed: diverted("resume")}
}

// repaired counts the results of copying originals to the first backend of their chain.
func (o *Origins) repaired(key string, err error) {
	switch {
	case err == nil:
		o.config.Metrics.Repaired("ok")
	case errors.Is(err, repair.ErrDropped):
		o.config.Metrics.Repaired("dropped")
	default:
		o.config.Metrics.Repaired("error")
		o.config.Log.Warn("repair failed: an original was not copied to the first backend of its chain", "key", key, "cause", err)
	}
}

// answerOf is the result of a request to a backend, as the metrics call it.
func answerOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, storage.ErrNotModified):
		return "same"
	}
	switch failure.Of(err) {
	case failure.Refused:
		return "refused"
	case failure.Server:
		return "transient"
	case failure.Unavailable:
		return "unavailable"
	case failure.NotFound:
		return "absent"
	}
	return "abandoned" // the client has gone
}

// OpenBackend opens one backend.
func OpenBackend(u *url.URL, options s3.Options) (storage.Backend, error) {
	switch u.Scheme {
	case "s3":
		return s3.Open(u, options)
	case "file":
		return dir.Open(u)
	}
	return nil, fmt.Errorf("unknown scheme %q: write s3://bucket or file:///dir", u.Scheme)
}
