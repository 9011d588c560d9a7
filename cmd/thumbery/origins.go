package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/dir"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/repair"
	"github.com/thumbery/thumbery/storage/s3"
)

// origins are the backends of all sources, opened and mounted.
type origins struct {
	*storage.Mounts
	repair   *repair.Repair // nil without --repair
	backends []*breaker.Origin
	byURL    map[string]*breaker.Origin
	hedge    atomic.Bool // whether --hedge is given, and on
	// readOnly reports that nothing is fetched; it is set before anything runs.
	readOnly func() bool

	flags   *originFlags
	metrics *metrics.Metrics
	log     *slog.Logger
}

// errNoSource is for a variable or a list in a settings file that is empty: without this
// error, every picture would be a 404.
var errNoSource = usage(errors.New("--source: must not be empty; say where the pictures are, as in --source /=file:///srv/pictures or --source /=s3://bucket"))

// open opens all backends and mounts them. Their metrics are those of m.
func (f *originFlags) open(m *metrics.Metrics, log *slog.Logger) (*origins, error) {
	if len(f.Source) == 0 {
		return nil, errNoSource
	}
	o := &origins{Mounts: &storage.Mounts{}, byURL: map[string]*breaker.Origin{}, flags: f, metrics: m, log: log}
	o.hedge.Store(f.Hedge > 0 && !f.NoHedge)
	if f.Repair {
		o.repair = repair.New(repair.Options{Enabled: func() bool { return !o.readOnly() }, Repaired: o.repaired})
	}
	for _, source := range f.Source {
		origin, err := o.chain(source.Source)
		if err == nil {
			err = o.Add(source.Prefix, origin)
		}
		if err != nil {
			return nil, usage(fmt.Errorf("--source %s: %w", source, err))
		}
	}
	return o, nil
}

// chain is the origin of one source: a chain of mirrors of backends.
func (o *origins) chain(s storage.Source) (storage.Origin, error) {
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
		links = append(links, hedge.Mirrors(o.hedgeAfter, o.mirrorObserver(), mirrors...))
	}
	if o.repair != nil && len(links) > 1 {
		return o.repair.Chain(links...)
	}
	return storage.Chain(links...), nil
}

// backend opens a backend once, so that all sources that name it share its circuit
// breaker.
func (o *origins) backend(u *url.URL) (*breaker.Origin, error) {
	if known, ok := o.byURL[u.String()]; ok {
		return known, nil
	}
	backend, err := openBackend(u, o.flags.s3Options())
	if err != nil {
		return nil, err
	}
	guarded := breaker.New(backend, o.breakerObserver())
	o.byURL[u.String()] = guarded
	o.backends = append(o.backends, guarded)
	return guarded, nil
}

// hedgeAfter is what --hedge says, while it is on.
func (o *origins) hedgeAfter() time.Duration {
	if o.hedge.Load() {
		return o.flags.Hedge
	}
	return 0
}

// probe notices that backends are back, whether or not there are requests.
func (o *origins) probe(ctx context.Context) { breaker.ProbeLoop(ctx, o.backends...) }

// named gives each backend a name of its own: two may have the same in logs, as when
// only their profile= differs.
func (o *origins) named(yield func(name string, g *breaker.Origin) bool) {
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

// states yields the state of each circuit breaker.
func (o *origins) states(yield func(backend string, state int)) {
	for name, g := range o.named {
		yield(name, int(g.State()))
	}
}

func (o *origins) breakerObserver() breaker.Observer {
	return breaker.Observer{
		Attempted: func(backend string, _ time.Duration, err error) { o.metrics.OriginRequest(backend, answerOf(err)) },
		BodyFailed: func(backend string, err error) {
			o.metrics.OriginRequest(backend, "broken")
			o.log.Warn("cannot read the body of an original", "origin", backend, "cause", err)
		},
		StateChanged: func(backend string, from, to breaker.State) {
			level := slog.LevelInfo
			if to == breaker.Open {
				level = slog.LevelError
			}
			o.log.Log(context.Background(), level, "circuit breaker "+to.String(), "origin", backend, "before", from, "now", to)
		},
	}
}

func (o *origins) mirrorObserver() hedge.Observer {
	diverted := func(reason string) func(string) {
		return func(backend string) { o.metrics.Diverted(backend, reason) }
	}
	return hedge.Observer{Hedged: diverted("hedge"), FailedOver: diverted("failover"), Resumed: diverted("resume")}
}

// repaired counts the results of copying originals to the first backend of their chain.
func (o *origins) repaired(key string, err error) {
	switch {
	case err == nil:
		o.metrics.Repaired("ok")
	case errors.Is(err, repair.ErrDropped):
		o.metrics.Repaired("dropped")
	default:
		o.metrics.Repaired("error")
		o.log.Warn("repair failed: an original was not copied to the first backend of its chain", "key", key, "cause", err)
	}
}

// repairs is how many originals are queued for repair.
func (o *origins) repairs() int {
	if o.repair == nil {
		return 0
	}
	return o.repair.Pending()
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

// openBackend opens one backend.
func openBackend(u *url.URL, options s3.Options) (storage.Backend, error) {
	switch u.Scheme {
	case "s3":
		return s3.Open(u, options)
	case "file":
		return dir.OpenExisting(u)
	}
	return nil, fmt.Errorf("unknown scheme %q: write s3://bucket or file:///dir", u.Scheme)
}
