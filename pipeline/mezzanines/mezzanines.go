// Package mezzanines keeps smaller copies of large originals, from which derivatives are
// made at a fraction of the cost, and without the original. A mezzanine is made in the
// background, at low priority, once, and used when it exists: no request waits for it.
package mezzanines

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/background"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Config is what a Store is made of.
type Config struct {
	// Cache keeps the mezzanines. With nil, or cache.Discard, none are made.
	Cache cache.Store

	// The following is set by pipeline.New.

	Originals *originals.Store
	Render    *render.Engine
	Epochs    *cache.Epochs
	Log       *slog.Logger
	Now       func() time.Time
}

// Store keeps mezzanines. It is safe for use by several goroutines.
type Store struct {
	Config
	off     bool // there is no Cache
	queue   *background.Queue
	refused atomic.Int64 // when the disk last did not take one, unix nanoseconds
}

// New returns a Store.
func New(c Config) *Store {
	if c.Cache == nil {
		c.Cache = cache.Discard{}
	}
	return &Store{Config: c, off: c.Cache == cache.Discard{}, queue: background.NewQueue(queueLimit)}
}

// Mezzanine is an open mezzanine. Its Blob, which has the modification time of the
// original, must be closed.
type Mezzanine struct {
	resize.Mezzanine
	Blob      *cache.Blob
	Freshness originals.Freshness // of the original that it was made from
	id        originals.ID
	name      variant.Name
}

// Ref is the original that it was made from.
func (m *Mezzanine) Ref() originals.Ref {
	return originals.Ref{ID: m.id, Size: m.OriginalBytes, ModTime: m.Blob.ModTime}
}

// SourceOf makes a render.Source of an open mezzanine. Background work may be queued for
// long: the mezzanine is closed at once, and reopened when the work is admitted.
func (s *Store) SourceOf(m *Mezzanine, background bool) render.Source {
	if background {
		m.Blob.Close()
		return s.Originals.Source(m.Ref(), func() (resize.Source, func(), error) { return s.Reopen(m) })
	}
	return s.Originals.Source(m.Ref(), m.Open)
}

// Open is an originals.Opener of the body, which it reads into memory: a file has more than
// that. One that cannot be read is as good as a broken one: the error is header.ErrBroken.
func (m *Mezzanine) Open() (src resize.Source, close func(), err error) {
	data, err := m.Bytes()
	if err != nil {
		return src, nil, fmt.Errorf("%w: reading a mezzanine: %v", header.ErrBroken, err)
	}
	return resize.InMemory(data), func() {}, nil
}

// name is that of the mezzanine of an original. Only what changes mezzanines themselves
// is part of it.
func (s *Store) name(id originals.ID) variant.Name {
	recipe := s.Render.Settings.MezzanineRecipe() + " " + s.Render.Resizer.Recipe()
	return variant.Variant{Version: id.Version}.Name(id.Key, 0, recipe)
}

// Suits reports whether v may be made from a mezzanine at all: what depends on pixels,
// pages or metadata is not in it.
func (s *Store) Suits(v variant.Variant) bool { return s.WhyUnsuited(v) == "" }

// WhyUnsuited says why Suits does not hold for v; "" if it does.
func (s *Store) WhyUnsuited(v variant.Variant) string {
	switch {
	case s.Render.Settings.MezzanineSide <= 0:
		return "this server keeps no mezzanines (--mezzanine 0)"
	case v.Kind != variant.Picture:
		return "what the URL asks for is read from the original itself"
	case v.Page > 1:
		return "a mezzanine has the first page only"
	case resize.NeedsLook(v):
		return "trim and g_smart look at the pixels of the original"
	}
	return ""
}

// Find opens the mezzanine of the original that is in the cache, or was there last; nil
// if there is none. One of an older original is removed.
func (s *Store) Find(ctx context.Context, id originals.ID) *Mezzanine {
	m := s.open(id)
	if m == nil {
		return nil
	}
	m.Freshness = s.Originals.CheckFreshness(ctx, id, m.Blob.ModTime)
	if m.Freshness.Usable() && s.Originals.IsLatest(m.Ref()) {
		return m
	}
	m.Blob.Close()
	s.Remove(m)
	return nil
}

// open opens what is on disk, or returns nil.
func (s *Store) open(id originals.ID) *Mezzanine {
	name := s.name(id)
	b, err := s.Cache.Open(name)
	if err != nil {
		return nil
	}
	m, err := unpack(id, name, b)
	if errors.Is(err, header.ErrBroken) {
		_ = s.Cache.Remove(name) // which logs its failure
	}
	return m
}

// unpack reads the label of a mezzanine. If it cannot, it closes b and returns nil.
func unpack(id originals.ID, name variant.Name, b *cache.Blob) (*Mezzanine, error) {
	z, err := resize.UnpackMezzanine(b.At(), b.Size)
	if err != nil {
		b.Close()
		return nil, err
	}
	return &Mezzanine{Mezzanine: z, Blob: b, id: id, name: name}, nil
}

// Peek opens the mezzanine that Find would return, and notes no use, removes nothing and asks
// no origin; nil if there is none.
func (s *Store) Peek(id originals.ID) *Mezzanine {
	name := s.name(id)
	b, err := s.Cache.Peek(name)
	if err != nil {
		return nil
	}
	b.OnUnreadable = nil // which would remove it
	m, err := unpack(id, name, b)
	if err != nil {
		return nil
	}
	m.Freshness, _ = s.Originals.PeekFreshness(id, m.Blob.ModTime)
	if m.Freshness.Usable() && s.Originals.IsLatest(m.Ref()) {
		return m
	}
	m.Blob.Close()
	return nil
}

// Reopen is an originals.Opener of a mezzanine that was open before. The error is
// originals.ErrMoved if it is not the same any more, or header.ErrBroken.
func (s *Store) Reopen(old *Mezzanine) (src resize.Source, close func(), err error) {
	m := s.open(old.id)
	if m == nil {
		return src, nil, originals.ErrMoved
	}
	defer m.Blob.Close()
	if m.OriginalBytes != old.OriginalBytes || !m.Blob.ModTime.Equal(old.Blob.ModTime) || m.Header != old.Header {
		return src, nil, originals.ErrMoved
	}
	return m.Open()
}

// IsUnchanged reports whether a mezzanine is still on disk as it was opened. One that is
// written just after its picture was forgotten exists for a moment only.
func (s *Store) IsUnchanged(m *Mezzanine) bool {
	st, err := s.Cache.Touch(m.name)
	return err == nil && st.Size == m.Blob.Size && st.ModTime.Equal(m.Blob.ModTime)
}

// Remove removes a mezzanine that turned out to be of no use.
func (s *Store) Remove(m *Mezzanine) {
	_ = s.Cache.Remove(m.name) // which logs its failure
}

// Forget removes all mezzanines of a key. Those that are being made are not kept. It
// returns how many files and bytes were removed; the error says what could not be.
func (s *Store) Forget(key variant.Key) (files int, bytes int64, err error) {
	s.Epochs.Advance(key.Name())
	return s.Cache.RemoveSource(key.Name())
}
