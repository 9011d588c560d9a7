// Package derivatives keeps derivatives in memory, on disk and in the tier that servers share,
// and finds them there.
package derivatives

import (
	"bytes"
	"context"
	"hash/crc32"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/pipeline/background"
	"github.com/thumbery/thumbery/variant"
)

// Config is what a Store is made of. All fields but SharedTier are needed.
type Config struct {
	Cache cache.Store
	// MemoryBytes is how much of the derivatives is kept in memory, too; 0 is nothing.
	MemoryBytes int64
	// SharedTier is what Store.Shared is made of, if it has a Bucket.
	SharedTier shared.Config
	Epochs     *cache.Epochs
	Reporter   *cache.Reporter
	Now        func() time.Time
}

// Store keeps derivatives. It is safe for use by several goroutines.
type Store struct {
	Config
	Shared    *shared.Store // nil for none
	memory    *cache.Memory[variant.Name, *entry]
	memoryOff atomic.Bool
	files     *cache.Memory[variant.Name, fileInfo]
	warming   *background.Queue
}

// New returns a Store.
func New(c Config) *Store {
	s := &Store{
		Config:  c,
		memory:  cache.NewMemory[variant.Name](c.MemoryBytes, func(e *entry) int { return len(e.Data) }),
		files:   cache.NewMemory[variant.Name](fileInfoBytes, func(fileInfo) int { return 0 }),
		warming: background.NewQueue(1),
	}
	if tier := c.SharedTier; tier.Bucket != nil {
		tier.Epochs, tier.Now, tier.Valid = c.Epochs, c.Now, isValid
		s.Shared = shared.New(tier)
	}
	return s
}

// Derivative is one that was found. Its Blob must be closed.
type Derivative struct {
	Blob      *cache.Blob
	Sum       uint32 // the CRC-32C of the body
	MediaType string
	InMemory  bool // was found there
	Stored    bool // is on disk
}

// Body is a derivative in memory. Its Data must not change; Sum is the CRC-32C of them.
type Body struct {
	shared.Object
	Path   string // as cache.Blob.Path; set by Keep
	Stored bool   // is on disk; set by Keep
}

// NewBody returns a Body that is not kept yet.
func NewBody(data []byte, modTime time.Time, mediaType string) Body {
	return Body{Object: shared.Object{Data: data, Sum: crc32.Checksum(data, castagnoli), ModTime: modTime, MediaType: mediaType}}
}

func bodyOf(onDisk Derivative, data []byte) Body {
	b := onDisk.Blob
	return Body{shared.Object{Data: data, Sum: onDisk.Sum, ModTime: b.ModTime, MediaType: onDisk.MediaType}, b.Path, true}
}

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sumOf(b *cache.Blob) (uint32, error) {
	h := crc32.New(castagnoli)
	_, err := io.Copy(h, io.NewSectionReader(b.At(), 0, b.Size))
	return h.Sum32(), err
}

// Blob returns the body as a Blob, which need not be closed.
func (b *Body) Blob() *cache.Blob {
	blob := cache.InMemory(b.Data, b.ModTime)
	blob.Path = b.Path
	return blob
}

// Open finds a derivative in memory or on disk.
func (s *Store) Open(name variant.Name) (d Derivative, ok bool) {
	if d, ok = s.openMemory(name); ok {
		return d, true
	}
	return s.OpenFile(name)
}

// Peek is Open without noting the use, without remembering what is in the file, and without
// removing one that is damaged.
func (s *Store) Peek(name variant.Name) (d Derivative, ok bool) {
	if d, ok = s.peekMemory(name); ok {
		return d, true
	}
	return s.PeekFile(name)
}

// Read brings a derivative on disk into memory, and closes its Blob.
func (s *Store) Read(d Derivative) (Body, error) {
	defer d.Blob.Close()
	data, err := d.Blob.Bytes()
	if err != nil {
		s.Reporter.ReadFailed(err)
		return Body{}, err
	}
	return bodyOf(d, data), nil
}

// Stat says what is on disk under a name, and notes its use.
func (s *Store) Stat(name variant.Name) (st cache.Stat, ok bool) {
	st, err := s.Cache.Touch(name)
	return st, err == nil
}

// Keep writes a derivative to disk and to memory, and sets b.Path and b.Stored. If its
// picture was forgotten since epoch, it is removed again.
func (s *Store) Keep(ctx context.Context, name variant.Name, epoch uint64, b *Body) {
	// It is kept even if the client has left: the next one is no more patient.
	blob, err := s.Cache.Fill(context.WithoutCancel(ctx), name, bytes.NewReader(b.Data), b.ModTime)
	if err == nil {
		b.Path, b.Stored = blob.Path, blob.NotKept == nil
		blob.Close()
	}
	if b.Stored { // it may differ from a file that was there before
		s.files.Put(name, fileInfo{int64(len(b.Data)), b.ModTime, b.MediaType, b.Sum})
	}
	if s.UsesMemory() {
		s.memory.Put(name, newEntry(*b, s.Now()))
	}
	if s.Epochs.At(name) != epoch {
		_ = s.Cache.Remove(name) // which logs its failure
		s.memory.Forget(name)
		b.Path, b.Stored = "", false
	}
}

// Forget removes all derivatives of a key, and returns how many files and bytes that
// were, and how many were in memory. Work that was begun before is not kept. What was
// found until now is of an epoch that has ended.
func (s *Store) Forget(key variant.Key) (files int, bytes int64, inMemory int, err error) {
	source := key.Name()
	s.Shared.Forgotten(source) // before the new epoch, in which it must not be asked for
	s.Epochs.Advance(source)
	files, bytes, err = s.Cache.RemoveSource(source)
	s.Epochs.Advance(source) // or a file that was opened since would come into memory
	inMemory = s.memory.ForgetAll(func(n variant.Name) bool { return strings.HasPrefix(string(n), string(source)) })
	s.Epochs.Advance(source)
	return files, bytes, inMemory, err
}

// ReadShared reads a derivative from the shared tier, as shared.Store.Get does.
func (s *Store) ReadShared(ctx context.Context, name variant.Name) (b Body, ok bool) {
	o, err := s.Shared.Get(ctx, name)
	return Body{Object: o}, err == nil
}

// Share has a derivative written to the shared tier later. With waits, it waits until there is
// room in the queue, for work that no client waits for.
func (s *Store) Share(ctx context.Context, name variant.Name, epoch uint64, b *Body, c shared.Cost, waits bool) {
	s.Shared.Keep(ctx, shared.Entry{Object: b.Object, Name: name, Epoch: epoch, Cost: c, Waits: waits})
}

// isValid reports whether a body of the shared tier is a whole derivative of its media type.
func isValid(o shared.Object) bool {
	return mediaTypeOf(cache.InMemory(o.Data, o.ModTime)) == o.MediaType
}
