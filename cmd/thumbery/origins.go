package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
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

// origins are all places of originals, opened and mounted.
type origins struct {
	*storage.Mounts
	repair *repair.Repair // nil without --repair
	guards []*breaker.Origin
	byURL  map[string]*breaker.Origin
	hedge  atomic.Bool // whether --hedge is given, and on
	// readOnly reports that nothing is fetched; it is set before anything runs.
	readOnly func() bool

	flags   *originFlags
	metrics *metrics.Metrics
	log     *slog.Logger
}

// open opens all places and mounts them. Their metrics are those of m.
func (f *originFlags) open(m *metrics.Metrics, log *slog.Logger) (*origins, error) {
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

// chain is the origin of one source: a chain of mirrors of guarded places.
func (o *origins) chain(s storage.Source) (storage.Origin, error) {
	var links []storage.Origin
	for _, urls := range s.URLs {
		var places []storage.Origin
		for _, u := range urls {
			place, err := o.place(u)
			if err != nil {
				return nil, err
			}
			places = append(places, place)
		}
		links = append(links, hedge.Mirrors(o.hedgeAfter, o.mirrorObserver(), places...))
	}
	if o.repair != nil && len(links) > 1 {
		return o.repair.Chain(links...)
	}
	return storage.Chain(links...), nil
}

// place opens a place once, so that all sources that name it share what is known
// of its health.
func (o *origins) place(u *url.URL) (*breaker.Origin, error) {
	if known, ok := o.byURL[u.String()]; ok {
		return known, nil
	}
	place, err := openPlace(u, o.flags.s3Options())
	if err != nil {
		return nil, err
	}
	guarded := breaker.New(place, o.guardObserver())
	o.byURL[u.String()] = guarded
	o.guards = append(o.guards, guarded)
	return guarded, nil
}

// hedgeAfter is what --hedge says, while it is on.
func (o *origins) hedgeAfter() time.Duration {
	if o.hedge.Load() {
		return o.flags.Hedge
	}
	return 0
}

// heal notices that places are back, whether or not anybody wants anything of them.
func (o *origins) heal(ctx context.Context) { breaker.ProbeLoop(ctx, o.guards...) }

// named gives each place a name of its own: two may be called the same in logs, as
// when only their profile= differs.
func (o *origins) named(yield func(name string, g *breaker.Origin) bool) {
	times := map[string]int{}
	for _, g := range o.guards {
		name := g.String()
		if times[name]++; times[name] > 1 {
			name = fmt.Sprintf("%s #%d", name, times[name])
		}
		if !yield(name, g) {
			return
		}
	}
}

// states tells the metrics of each place's breaker.
func (o *origins) states(yield func(place string, state int)) {
	for name, g := range o.named {
		yield(name, int(g.State()))
	}
}

func (o *origins) guardObserver() breaker.Observer {
	return breaker.Observer{
		Attempted: func(place string, _ time.Duration, err error) { o.metrics.Asked(place, answerOf(err)) },
		BodyFailed: func(place string, err error) {
			o.metrics.Asked(place, "broken")
			o.log.Warn("the body of an original failed", "origin", place, "cause", err)
		},
		StateChanged: func(place string, from, to breaker.State) {
			level := slog.LevelInfo
			if to == breaker.Open {
				level = slog.LevelError
			}
			o.log.Log(context.Background(), level, "circuit breaker "+to.String(), "origin", place, "before", from, "now", to)
		},
	}
}

func (o *origins) mirrorObserver() hedge.Observer {
	diverted := func(reason string) func(string) {
		return func(place string) { o.metrics.Diverted(place, reason) }
	}
	return hedge.Observer{Hedged: diverted("hedge"), FailedOver: diverted("failover"), Resumed: diverted("resume")}
}

// repaired counts what came of copying an original to the first place of its
// chain.
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

// repairs is how many originals wait for that.
func (o *origins) repairs() int {
	if o.repair == nil {
		return 0
	}
	return o.repair.Pending()
}

// answerOf is what a place has answered, as the metrics call it.
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
	return "abandoned" // whoever asked has left
}

// openPlace opens one place of originals.
func openPlace(u *url.URL, options s3.Options) (storage.Origin, error) {
	switch u.Scheme {
	case "s3":
		return s3.OpenWith(u, options)
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
