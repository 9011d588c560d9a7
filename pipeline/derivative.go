package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/variant"
)

// made is a derivative in memory, shared by all who waited for it.
type made struct {
	data      []byte
	modTime   time.Time
	mediaType string
	path      string // in the disk cache; "" if it could not be kept
	source    Source
	stored    bool
	broken    bool
	stale     bool   // made of a stale original
	aging     bool   // made of an original that the origin is being asked for
	epoch     uint64 // of its picture, before what it was made of was opened
	steps     []render.Step
}

func (m *made) step(name string, took time.Duration) {
	m.steps = append(m.steps[:len(m.steps):len(m.steps)], render.Step{Name: name, Took: took})
}

// of adds what is known of the original that m was made of; m may be nil.
func (m *made) of(o *original) *made {
	if m != nil {
		m.stale, m.aging, m.epoch = o.stale, o.aging, o.epoch
		m.steps = append(o.steps[:len(o.steps):len(o.steps)], m.steps...)
	}
	return m
}

func (m *made) reader() io.Reader { return bytes.NewReader(m.data) }

func (m *made) entry(now time.Time) *entry {
	e := &entry{
		data: m.data, sum: sum(m.data), modTime: m.modTime, mediaType: m.mediaType, path: m.path, stored: m.stored, made: now,
	}
	e.seen.Store(now.UnixNano())
	return e
}

func (m *made) result(name variant.Name, shared bool) *Result {
	b := cache.InMemory(m.data, m.modTime)
	b.Path = m.path
	return &Result{
		Blob: b, Name: name, Sum: sum(m.data), MediaType: m.mediaType, Source: m.source,
		Stored: m.stored, Shared: shared, Broken: m.broken, Stale: m.stale, Aging: m.aging, Steps: m.steps,
	}
}

// loaded brings a result from disk into memory, where several can have it.
func loaded(r *Result) (*made, error) {
	defer r.Blob.Close()
	data, err := r.Blob.Bytes()
	return &made{
		data: data, modTime: r.Blob.ModTime, mediaType: r.MediaType, path: r.Blob.Path,
		source: r.Source, stored: true,
	}, err
}

// entry is a derivative in the hot tier.
type entry struct {
	data      []byte
	sum       uint32
	modTime   time.Time
	mediaType string
	path      string
	stored    bool
	made      time.Time
	seen      atomic.Int64 // when its file was last looked at, unix nanoseconds
}

// trust is how long a hot derivative is served without a look at the disk. A
// purge by another process, or a picture that was forgotten there, so is
// noticed within that time, for one system call a second.
const trust = time.Second

// hot returns a derivative from memory, or nil.
func (p *Pipeline) hot(name variant.Name) *Result {
	e, ok := p.memory.Get(name)
	if !ok || !p.Hot() {
		return nil
	}
	now, seen := p.Now().UnixNano(), e.seen.Load()
	if (now < seen || now-seen >= int64(trust)) && e.seen.CompareAndSwap(seen, now) && !p.stillThere(name, e) {
		p.memory.Forget(name)
		return nil
	}
	b := cache.InMemory(e.data, e.modTime)
	b.Path = e.path
	return &Result{Blob: b, Name: name, Sum: e.sum, MediaType: e.mediaType, Source: FromMemory, Stored: e.stored}
}

// unkeptFor is how long a derivative that could not be kept on disk is served
// from memory: nothing there would tell that it was forgotten, and it is to be
// kept when the disk works again.
const unkeptFor = time.Minute

// stillThere looks at the file of a hot derivative, and so notes its use. A disk
// that cannot be read says nothing.
func (p *Pipeline) stillThere(name variant.Name, e *entry) bool {
	if !e.stored {
		return p.Now().Sub(e.made) < unkeptFor
	}
	st, err := p.Derivatives.Touch(name)
	if errors.Is(err, cache.ErrMiss) {
		return false
	}
	return err != nil || st.Size == int64(len(e.data)) && st.ModTime.Equal(e.modTime)
}

// onDisk returns a derivative from disk, or nil, and brings it into memory if
// there is a place for it.
func (p *Pipeline) onDisk(name variant.Name) *Result {
	epoch := p.epochs.at(name).Load()
	b, err := p.Derivatives.Open(name)
	if err != nil {
		p.unreadable(err)
		return nil
	}
	k, ok := p.whole(name, b)
	if !ok {
		if b.Unreadable() {
			p.unreadable(cache.ErrUnreadable)
		}
		b.Close()
		p.forget(p.Derivatives, name)
		return nil
	}
	r := &Result{Blob: b, Name: name, Sum: k.sum, MediaType: k.mediaType, Source: FromDisk, Stored: true}
	if err := p.warm(name, epoch, r); err != nil {
		p.unreadable(err)
		b.Close()
		return nil
	}
	return r
}

// warmUpTo is the size up to which a derivative found on disk is read into
// memory; larger ones are sent by the kernel, for less than copying them costs.
const warmUpTo = 128 << 10

// warm puts what was found on disk in an epoch into memory.
func (p *Pipeline) warm(name variant.Name, epoch uint64, r *Result) error {
	if p.HotBytes == 0 || !p.Hot() || r.Blob.Size > warmUpTo {
		return nil
	}
	data, err := r.Blob.Bytes()
	if err != nil {
		return err
	}
	p.remember(name, epoch, made{data: data, modTime: r.Blob.ModTime, mediaType: r.MediaType, path: r.Blob.Path, stored: true})
	return nil
}

// remember puts what was opened in an epoch into memory, unless its picture was
// forgotten meanwhile.
func (p *Pipeline) remember(name variant.Name, epoch uint64, m made) {
	p.memory.Put(name, m.entry(p.Now()))
	if p.epochs.at(name).Load() != epoch {
		p.memory.Forget(name)
	}
}

// Warm brings a derivative that is on disk into memory in the background, whatever
// its size, as far as there is a place for it; one at a time, and what comes
// meanwhile is left where it is. It does not touch r.
func (p *Pipeline) Warm(r *Result) {
	name := r.Name
	if !p.memory.Takes(r.Blob.Size) || !p.Hot() {
		return
	}
	p.warming.Go(context.Background(), string(name), func(context.Context) {
		epoch := p.epochs.at(name).Load()
		b, err := p.Derivatives.Open(name)
		if err != nil {
			return
		}
		defer b.Close()
		k, ok := p.whole(name, b)
		if !ok || !p.memory.Takes(b.Size) {
			return
		}
		if data, err := b.Bytes(); err == nil {
			m := made{data: data, modTime: b.ModTime, mediaType: k.mediaType, path: b.Path, stored: true}
			p.remember(name, epoch, m)
		}
	})
}

// sniffBytes is enough to tell all formats apart.
const sniffBytes = 64

// mediaType tells that of any file from its first bytes.
func mediaType(b *cache.Blob) (string, error) {
	var head [sniffBytes]byte
	n, err := b.At().ReadAt(head[:min(b.Size, sniffBytes)], 0)
	if err == io.EOF {
		err = nil
	}
	return render.MediaType(variant.Variant{}, head[:n]), err
}
