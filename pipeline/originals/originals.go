// Package originals opens originals: from the disk cache, or else from their origin, once
// for all requests that need them. It also tracks their freshness, absence and headers.
package originals

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/background"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

var (
	// ErrTooManyBytes means that an original is larger than Config.MaxBytes.
	ErrTooManyBytes = failure.New(failure.Picture, "original too large")
	// ErrReadOnly means that an original would have to be fetched, and the Store is
	// read-only.
	ErrReadOnly = failure.New(failure.Server, "nothing is fetched at the moment")
	// ErrMoved means that an original is not in the cache any more as it was seen there.
	ErrMoved = failure.New(failure.Server, "the original was purged or replaced meanwhile")
)

// Config is what a Store is made of. Needed are Origin, Cache, Fetches, MaxBytes,
// FetchTimeout and the fields that pipeline.New sets.
type Config struct {
	Origin storage.Origin
	// Down, if not nil, reports that the circuit breaker of a key's origin is open. It
	// is called for every answer.
	Down func(key string) bool
	// Cache keeps the originals.
	Cache cache.Store
	// Journal, if not nil, is told the key of each original before it is kept.
	Journal Journal
	// Fetches admits requests to the origin, each with weight 1.
	Fetches *gate.Gate
	// MaxBytes is the size of the largest original that is fetched.
	MaxBytes int64
	// MaxVersions is how many versions of one key are fetched within an hour; 0 is any
	// number.
	MaxVersions int
	// FetchTimeout bounds one fetch, from the first byte sent to the last one received.
	FetchTimeout time.Duration
	// NegativeTTL is how long it is remembered that an original does not exist; 0 is
	// not at all.
	NegativeTTL time.Duration
	// Revalidate is the age at which an original that is used is revalidated in the
	// background; 0 is never. From RevalidateSync on, if that is not 0, a request waits
	// for the answer, up to a limit.
	Revalidate, RevalidateSync time.Duration
	// RedirectRaw is the size in bytes above which Open with UnlessLarge returns a
	// *LargeError, if the origin has links; 0 is never.
	RedirectRaw int64

	// The following is set by pipeline.New.

	// Inspect is render.Engine.Inspect.
	Inspect func(ctx context.Context, src resize.Source, page int, background bool) (header.Header, error)
	// ServeBroken accepts a broken original whose header can be read.
	ServeBroken bool
	Epochs      *cache.Epochs
	// Invalidate removes everything that was made from the originals of a key. It is
	// called when one has changed or does not exist any more.
	Invalidate func(key variant.Key) error
	Observer   Observer
	Reporter   *cache.Reporter
	Log        *slog.Logger
	Now        func() time.Time
}

// Journal writes down keys, so that what is kept under their hashes can be found again.
type Journal interface {
	Note(ctx context.Context, key variant.Key) error
}

// Observer is told what happens, for metrics. Its methods are called by many goroutines
// at once.
type Observer interface {
	// Fetched: the origin was asked for an original. bytes is what it sent, also when
	// that failed.
	Fetched(took time.Duration, bytes int64, err error)
	// Revalidated: the origin was asked whether an original has changed.
	Revalidated(Freshness)
	// Step: a step begins, of the request or the background work that ctx belongs to. It is
	// done in the context that is returned, and end is called with its outcome.
	Step(ctx context.Context, name string) (step context.Context, end func(error))
}

// Store opens originals. It is safe for use by several goroutines.
type Store struct {
	Config
	readOnly   atomic.Bool
	fetching   cache.Flight[*fetched]
	checking   cache.Flight[Freshness]
	inspecting cache.Flight[header.Header]
	checks     *background.Queue
	memory     *semaphore.Weighted // bytes of originals that could not be kept on disk
	headers    cache.EpochMap[inspected]
	records    cache.EpochMap[record]
	absent     cache.EpochMap[time.Time]
	counting   sync.Mutex                                  // writes of the next two
	crashes    cache.EpochMap[crashes]                     // by versionName
	versions   *cache.Memory[variant.Name, []versionFetch] // by the name of the key
	// forgets are the epochs of absent. They end only when Forget is called: what the
	// Store removes by itself says nothing against an original's absence.
	forgets cache.Epochs
}

// New returns a Store.
func New(c Config) *Store {
	s := &Store{
		Config: c, checks: background.NewQueue(backgroundChecks),
		memory: semaphore.NewWeighted(unkeptOriginals * c.MaxBytes),
	}
	s.crashes = cache.NewEpochMap(crashBytes, func(crashes) int { return crashSize }, s.Epochs)
	s.versions = cache.NewMemory[variant.Name](versionBytes, func(f []versionFetch) int { return versionSize * len(f) })
	s.headers = cache.NewEpochMap(headerBytes, func(inspected) int { return headerSize }, s.Epochs)
	s.records = cache.NewEpochMap(recordBytes, func(r record) int { return len(r.version.ETag) }, s.Epochs)
	s.absent = cache.NewEpochMap(absentBytes, func(time.Time) int { return 0 }, &s.forgets)
	return s
}

// ID names an original.
type ID struct {
	Key     variant.Key
	Version string // as variant.Variant.Version: each version is fetched and kept by itself
}

// IDOf is the ID of the original that v is made from.
func IDOf(key variant.Key, v variant.Variant) ID { return ID{key, v.Version} }

// Name is the original's name in the cache.
func (id ID) Name() variant.Name {
	return variant.Variant{Version: id.Version}.Original(id.Key)
}

// Ref is an original as it was seen in the cache, to be read again later. It holds
// nothing open.
type Ref struct {
	ID      ID
	Size    int64 // bytes
	ModTime time.Time
}

type keyOfWork struct{}

// WithKey returns ctx for work on a picture, so that the log can name the picture.
func WithKey(ctx context.Context, key variant.Key) context.Context {
	return context.WithValue(ctx, keyOfWork{}, key)
}

// KeyOf returns the key of the picture that ctx is for; "" if it is for none.
func KeyOf(ctx context.Context) variant.Key {
	key, _ := ctx.Value(keyOfWork{}).(variant.Key)
	return key
}

// ReadOnly reports whether nothing is fetched.
func (s *Store) ReadOnly() bool { return s.readOnly.Load() }

// SetReadOnly says whether nothing is to be fetched: then what would need a fetch fails
// with ErrReadOnly. Fetches that are running go on.
func (s *Store) SetReadOnly(on bool) { s.readOnly.Store(on) }

// IsDown reports that the circuit breaker of a key's origin is open.
func (s *Store) IsDown(key variant.Key) bool { return s.Down != nil && s.Down(string(key)) }

// Forget removes all originals of a key and what is remembered of them, their quarantine
// too. Fetches that were begun before are answered and not kept. It returns
// how many files and bytes were removed; the error says what could not be.
func (s *Store) Forget(key variant.Key) (files int, bytes int64, err error) {
	s.forgets.Advance(key.Name())
	return s.remove(key)
}

func (s *Store) epoch(id ID) uint64 { return s.Epochs.At(id.Name()) }

// flightKey is the key of a Flight about an original. A request that comes after it was
// forgotten does not join work that was begun before.
func (s *Store) flightKey(id ID) string {
	return string(id.Name()) + "@" + strconv.FormatUint(s.epoch(id), 36)
}
