package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
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

// originFlags say where the originals are, and what to do when they cannot be had.
type originFlags struct {
	Source   []sourceFlag `default:"${default_source}" sep:" " placeholder:"PREFIX=URL[,URL…]" help:"Where the originals under a prefix are: s3://bucket/prefix?endpoint=…&region=…&profile=…, or file:///dir. A comma makes a chain: the next is asked for what the one before does not have. A | makes mirrors: the next is asked when the one before cannot answer. Repeatable; the longest prefix wins."`
	MaxBytes amount       `default:"64MiB" help:"The largest original that is fetched."`
	Fetches  int          `default:"32" help:"How many originals are fetched at once; as many as --queue may wait."`

	ConnectTimeout   time.Duration `default:"5s" help:"How long connecting to S3 may take."`
	FirstByteTimeout time.Duration `default:"10s" help:"How long S3 may take to begin its answer."`
	StallTimeout     time.Duration `default:"20s" help:"How long no byte of an original may come."`
	FetchTimeout     time.Duration `default:"65s" help:"How long one original may take in all, with second tries."`
	Hedge            time.Duration `placeholder:"300ms" help:"Ask the next mirror, too, when one has not begun to answer after so long."`
	NoHedge          bool          `help:"Do not, at first: see PATCH /switches of --admin."`
	Repair           bool          `help:"Copy what was found only further down a chain to its first place, in the background."`

	Revalidate     time.Duration `placeholder:"24h" help:"Ask in the background whether an original has changed when it is used after so long. Without it, originals never change."`
	RevalidateSync time.Duration `placeholder:"168h" help:"Ask before it is used after so long; while the source does not answer, the old one is used."`
	NegativeTTL    time.Duration `name:"negative-ttl" default:"1m" help:"How long to remember that there is no such original."`
	ReadOnly       bool          `help:"Serve what is in the cache and what can be made of it, and fetch nothing, at first: see PATCH /switches of --admin."`

	RedirectRaw amount `default:"0" placeholder:"1MiB" help:"Send who asks for the bytes of an original that is larger, and not in the cache, to S3."`
	HookSecret  string `secret:"" placeholder:"SECRET" help:"Take notifications of buckets at POST /hooks/s3 of --admin from who knows this secret."`
}

func (f *originFlags) validate() error {
	for flag, d := range map[string]time.Duration{
		"--connect-timeout": f.ConnectTimeout, "--first-byte-timeout": f.FirstByteTimeout,
		"--stall-timeout": f.StallTimeout, "--fetch-timeout": f.FetchTimeout,
	} {
		if d <= 0 {
			return fmt.Errorf("%s: must be more than 0", flag)
		}
	}
	for flag, d := range map[string]time.Duration{
		"--hedge": f.Hedge, "--revalidate": f.Revalidate, "--revalidate-sync": f.RevalidateSync, "--negative-ttl": f.NegativeTTL,
	} {
		if d < 0 {
			return fmt.Errorf("%s: must not be less than 0", flag)
		}
	}
	switch {
	case f.MaxBytes == 0:
		return errors.New("--max-bytes: must be more than 0")
	case f.Fetches < 1:
		return errors.New("--fetches: must be 1 or more")
	case f.Repair && !slices.ContainsFunc(f.Source, func(s sourceFlag) bool { return len(s.URLs) > 1 }):
		return errors.New("--repair: no --source is a chain, such as /=s3://new,file:///srv/old, so there is nothing to repair")
	case strings.ContainsAny(f.HookSecret, " \t\r\n"):
		return errors.New("--hook-secret: must have no spaces: MinIO would not send it")
	case f.RevalidateSync > 0 && f.Revalidate == 0:
		return errors.New("--revalidate-sync: give --revalidate, too: it is asked in the background first")
	case f.RevalidateSync > 0 && f.RevalidateSync < f.Revalidate:
		return errors.New("--revalidate-sync: must not be less than --revalidate")
	}
	return nil
}

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

func (f *originFlags) s3Options() s3.Options {
	return s3.Options{ConnectTimeout: f.ConnectTimeout, HeaderTimeout: f.FirstByteTimeout, StallTimeout: f.StallTimeout}
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
