// Package pipeline is the order of things: from memory, from disk, or made —
// once for everybody who waits for it — from an original that is on disk or
// fetched once for everybody who needs it. It knows no HTTP, no vendor and no
// file system; a cache that fails costs it time, never correctness.
package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/background"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// ErrTooManyBytes means that an original is larger than Config.MaxBytes.
var ErrTooManyBytes = failure.New(failure.Picture, "original too large")

// ErrReadOnly means that an original would have to be fetched, and nothing is: see
// Pipeline.SetReadOnly.
var ErrReadOnly = failure.New(failure.Server, "nothing is fetched at the moment")

// Config is what a Pipeline is made of. Needed are Origin, the stores, Resizer, the
// gates, MaxBytes, the time-outs, Log and Now.
type Config struct {
	Origin storage.Origin
	// Down, if not nil, reports that the place of a key is not asked at the
	// moment, as it did not answer. It is called for every answer.
	Down func(key string) bool
	// Journal, if not nil, is told the key of each original before it is kept.
	Journal Journal
	// Quarantine, if not nil, remembers across the death of a process what it was
	// working on.
	Quarantine  Quarantine
	Originals   cache.Store
	Mezzanines  cache.Store // nil, or cache.Discard, is none
	Derivatives cache.Store
	// HotBytes is how much of the derivatives is kept in memory too.
	HotBytes int64
	Render   render.Config // Observer and Now are set by New
	// Fetches admits what is asked of the origin, each counting one.
	Fetches *gate.Gate
	// MaxBytes is the size of the largest original that is fetched.
	MaxBytes int64
	// MaxVersions is how many versions of one key are fetched within an hour; 0 is any
	// number.
	MaxVersions int
	// FetchTimeout bounds one fetch from the origin, from the first byte sent
	// to the last one received.
	FetchTimeout time.Duration
	// RememberAbsent is how long it is remembered that there is no such original;
	// 0 is not at all.
	RememberAbsent time.Duration
	// Revalidate is the age at which an original that is used is asked for anew
	// in the background; 0 is never. From RevalidateSync on, if that is not 0,
	// whoever uses it waits for the answer, up to a limit.
	Revalidate, RevalidateSync time.Duration
	// RedirectRaw is the size in bytes above which Original gives a Location
	// instead of fetching, where the place has one; 0 is never.
	RedirectRaw int64
	// Adaptive gives what is cheap to make where FormatAuto chooses AVIF that is
	// not there, and has that made in the background, as long as the disk keeps it.
	Adaptive bool
	// ServeBroken gives what can be made of a broken original instead of
	// ErrBroken. It is kept nowhere.
	ServeBroken bool
	Observer    Observer
	Log         *slog.Logger
	Now         func() time.Time
}

// Journal writes down keys, so that what is kept under their hashes can be found
// again.
type Journal interface {
	Note(ctx context.Context, key variant.Key) error
}

// Quarantine remembers which originals a process was working on when it died, so that
// the next one does not die of them, too.
type Quarantine interface {
	// Begin notes that work begins on an original of so many bytes and that
	// modification time, or on its mezzanine; end that it is over. ok is false, and
	// nothing noted, if this version of it is to be left alone for now.
	Begin(original variant.Name, size int64, modTime time.Time) (end func(), ok bool)
	// Forget lets a picture be worked on, in all its versions.
	Forget(source variant.Name) error
}

// Observer is told what happens, for metrics. Its methods are called by many
// goroutines at once.
type Observer interface {
	// Fetched: an origin was asked. bytes is what it sent, also on failure.
	Fetched(took time.Duration, bytes int64, err error)
	render.Observer
	// Kept: a body was written to a tier of the disk cache, or could not be.
	Kept(tier eviction.Tier, bytes int64, err error)
	// Revalidated: the origin was asked whether an original has changed.
	Revalidated(Verdict)
	// Primed: a picture was made before anybody asked, or could not be.
	Primed(err error)
}

// Pipeline answers requests for pictures. It is safe for use by several
// goroutines.
type Pipeline struct {
	Config
	switches
	Render   *render.Engine
	reads    header.Formats
	memory   *cache.Memory[variant.Name, *entry]
	making   cache.Flight[*made]
	fetching cache.Flight[*fetched]
	versions versions
	checking cache.Flight[Verdict]
	epochs   epochs
	spare    budget                            // for originals that the disk does not take
	kinds    *cache.Memory[variant.Name, kind] // of files that Locate has found
	headers  remembered[measured]
	absent   remembered[time.Time]
	ages     remembered[age]
	checks   *background.Queue
	// inspections admits them: as many as pictures, which they let pass.
	inspections *gate.Gate
	inspecting  cache.Flight[header.Header]
	failures    remembered[time.Time]
	later       *background.Queue // of mezzanines
	warming     *background.Queue // of derivatives that are brought into memory
	pace        chan struct{}     // one for each piece of work of priming, and the rest after it
	met         atomic.Uint64     // Gate.Entered when priming last worked
	better      *background.Queue // of pictures that are to be made instead of provisional ones
	unkept      atomic.Int64      // when a mezzanine was last not kept, unix nanoseconds
	warned      atomic.Int64      // when a body that was not kept was last logged, unix nanoseconds
}

// New returns a Pipeline.
func New(c Config) *Pipeline {
	if c.Observer == nil {
		c.Observer = Silence{}
	}
	c.Render.Observer, c.Render.Now = c.Observer, c.Now
	p := &Pipeline{
		Config:      c,
		Render:      render.New(c.Render),
		reads:       resize.ReadBy(c.Render.Resizer),
		inspections: c.Render.Gate.Unweighted(),
		spare:       budget{bytes: spareOriginals * c.MaxBytes},
		memory:      cache.NewMemory[variant.Name](c.HotBytes, func(e *entry) int { return len(e.data) }),
		kinds:       cache.NewMemory[variant.Name](kindBytes, func(kind) int { return 0 }),
		checks:      background.NewQueue(backgroundChecks),
		later:       background.NewQueue(backgroundMezzanines),
		better:      background.NewQueue(betterQueue),
		warming:     background.NewQueue(1),
		versions:    newVersions(c.MaxVersions),
		pace:        make(chan struct{}, c.Render.Gate.MaxBackground()),
	}
	if p.Mezzanines == nil {
		p.Mezzanines = cache.Discard{}
	}
	p.headers = newRemembered(headerBytes, func(measured) int { return headerSize }, &p.epochs)
	p.absent = newRemembered(absentBytes, func(time.Time) int { return 0 }, &p.epochs)
	p.failures = newRemembered(hopelessBytes, func(time.Time) int { return 0 }, &p.epochs)
	p.ages = newRemembered(ageBytes, func(a age) int { return len(a.version.ETag) }, &p.epochs)
	return p
}

// Memory returns how many derivatives, and how many bytes of them, are in
// memory.
func (p *Pipeline) Memory() (entries int, bytes int64) { return p.memory.Stats() }

// Source says where an answer came from.
type Source uint8

// The values of Source.
const (
	FromMemory Source = iota // the hot tier
	FromDisk                 // the disk cache
	FromOrigin               // made for this request, or fetched
)

// Result is an answer. Its Blob must be closed.
type Result struct {
	Blob *cache.Blob
	Name variant.Name // unique to the body, together with Blob.ModTime and Sum
	// Sum is the CRC-32C of a derivative's body: it may have been made of the original
	// or of a mezzanine. Of an original it is 0.
	Sum       uint32
	MediaType string
	Source    Source
	Stored    bool // is in the disk cache now
	Shared    bool // was made for another request that was there before
	// Stale: the original is older than Config.Revalidate, and the origin could
	// not be asked whether it has changed.
	Stale bool
	// Aging: the original is older than that, and the origin is being asked.
	Aging bool
	// OriginDown: the place of the original is not asked at the moment.
	OriginDown bool
	// Provisional: there is a better one, which takes long. It is being made for who
	// asks next, unless too many of its kind are.
	Provisional bool
	// Location, if not "", is where the bytes can be had instead: Blob is empty.
	Location string
	Broken   bool          // the original is, and so this is: nobody may keep it
	Steps    []render.Step // what was done for it; not to be changed
}

// Picture returns a derivative of the original named key: a picture, or where v
// asks for it the JSON about one, which is made, kept and forgotten in the same
// way.
//
// Errors are of these kinds: storage.ErrNotFound and storage.ErrUnavailable of
// the origin, ErrReadOnly, ErrTooManyVersions, ErrTooManyBytes, ErrQuarantined, those of package resize,
// and ctx's own. A done ctx ends the waiting; the work goes on only if somebody
// else waits for it.
func (p *Pipeline) Picture(ctx context.Context, key variant.Key, v variant.Variant, a variant.Accept) (*Result, error) {
	o := p.order(key, v, a)
	old := p.held(o.name)
	if old != nil && p.stillRight(ctx, key, v, old) {
		return old, nil
	}
	r, err := p.fresh(ctx, o, old)
	switch {
	case err == nil:
		old.close()
	case old != nil && failure.Of(err) != failure.NotFound && ctx.Err() == nil: // better an old one than none
		old.Stale = true
		return old, nil
	default:
		old.close()
	}
	return r, err
}

// fresh makes a derivative, in place of an old one if that is not nil, or what is
// given until it is there.
func (p *Pipeline) fresh(ctx context.Context, o order, old *Result) (*Result, error) {
	if r, err := p.provisional(ctx, o); r != nil || err != nil {
		return r, err
	}
	m, shared, err := p.makeOnce(ctx, o, old)
	if err != nil {
		return nil, err
	}
	r := m.result(o.name, shared)
	r.OriginDown = p.down(o.key)
	return r, nil
}

// close closes the Blob of a Result, if there is one.
func (r *Result) close() {
	if r != nil {
		r.Blob.Close()
	}
}

// held returns a derivative that is in memory or on disk, or nil.
func (p *Pipeline) held(name variant.Name) *Result {
	if r := p.hot(name); r != nil {
		return r
	}
	return p.onDisk(name)
}

// stillRight says of a result that was found what is known of its origin, and
// reports false if that has another version now: then it is made anew.
func (p *Pipeline) stillRight(ctx context.Context, key variant.Key, v variant.Variant, r *Result) bool {
	verdict := p.revalidated(ctx, key, v, r.Blob.ModTime)
	r.Stale, r.Aging, r.OriginDown = verdict == Failed, verdict == Asking, p.down(key)
	return verdict != Changed && verdict != Gone
}

// down reports that the place of a key is not asked at the moment.
func (p *Pipeline) down(key variant.Key) bool { return p.Down != nil && p.Down(string(key)) }

// keep writes a derivative to disk and to memory, unless its picture was forgotten
// meanwhile.
func (p *Pipeline) keep(ctx context.Context, o order, m *made) {
	began := p.Now()
	// What has been made is kept, also if nobody waits for it any more: the next
	// one who asks is as impatient.
	b, err := p.Derivatives.Fill(context.WithoutCancel(ctx), o.name, m.reader(), m.modTime)
	if err == nil {
		m.path, err = b.Path, b.NotKept
		b.Close()
	}
	m.stored = err == nil
	m.step("store", p.Now().Sub(began))
	p.kept(eviction.Derivatives, int64(len(m.data)), err)
	if m.stored { // it may differ from one that was there before
		p.kinds.Put(o.name, kind{int64(len(m.data)), m.modTime, m.mediaType, sum(m.data)})
	}
	if p.Hot() {
		p.memory.Put(o.name, m.entry(p.Now()))
	}
	if p.forgottenSince(o.key, m.epoch) {
		p.drop(o.name)
		m.path, m.stored = "", false
	}
}

// warnEvery keeps a disk that is full from filling the log, too.
const warnEvery = time.Minute

// kept reports the outcome of a Fill. That there is no room is said elsewhere,
// once, by who found it out.
func (p *Pipeline) kept(tier eviction.Tier, bytes int64, err error) {
	p.Observer.Kept(tier, bytes, err)
	if err != nil && !errors.Is(err, cache.ErrNoRoom) {
		p.warn("not kept in the disk cache", "tier", tier, "cause", err)
	}
}

// warn tells of a disk that does not work, once a minute.
func (p *Pipeline) warn(message string, attrs ...any) {
	now, last := p.Now().UnixNano(), p.warned.Load()
	if now-last >= int64(warnEvery) && p.warned.CompareAndSwap(last, now) {
		p.Log.Warn(message+"; what else fails in the next minute is not logged", attrs...)
	}
}

// unreadable tells of a disk cache that cannot be read, which otherwise looks
// like one that is empty.
func (p *Pipeline) unreadable(err error) {
	if !errors.Is(err, cache.ErrMiss) {
		p.warn("cannot read the disk cache", "cause", err)
	}
}

func (p *Pipeline) forget(s cache.Store, name variant.Name) {
	if err := s.Remove(name); err != nil {
		p.Log.Warn("cannot remove from the disk cache", "name", name, "cause", err)
	}
}

// Silence is the Observer that nothing comes of, to be embedded by those that
// want to be told a part.
type Silence struct{}

// Fetched does nothing.
func (Silence) Fetched(time.Duration, int64, error) {}

// Resized does nothing.
func (Silence) Resized(render.Input, time.Duration, error) {}

// Kept does nothing.
func (Silence) Kept(eviction.Tier, int64, error) {}

// Revalidated does nothing.
func (Silence) Revalidated(Verdict) {}

// Primed does nothing.
func (Silence) Primed(error) {}
