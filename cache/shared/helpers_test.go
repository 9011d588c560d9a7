package shared_test

import (
	"fmt"
	"hash/crc32"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/variant"
)

// counts is an Observer: how often there was each result.
type counts struct {
	mu  sync.Mutex
	all map[string]int
}

func (c *counts) add(result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[result]++
}

func (c *counts) SharedRead(result string, _ time.Duration, _ int64) { c.add("read " + result) }
func (c *counts) SharedSkipped(reason string)                        { c.add("skipped " + reason) }
func (c *counts) SharedWritten(result string, _ int64)               { c.add("written " + result) }
func (c *counts) SharedRemoved(err error)                            { c.add(fmt.Sprintf("removed %t", err == nil)) }

// want compares all counts since the last call.
func (c *counts) want(t *testing.T, want map[string]int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !maps.Equal(c.all, want) {
		t.Errorf("counted %v, want %v", c.all, want)
	}
	clear(c.all)
}

// tier is a Store on a fake bucket.
type tier struct {
	*shared.Store
	bucket *cachetest.Bucket
	counts *counts
}

func newTier(change ...func(*shared.Config)) *tier {
	f := &tier{bucket: cachetest.NewBucket(), counts: &counts{all: map[string]int{}}}
	c := shared.Config{
		Bucket: f.bucket, HedgeAfter: 100 * time.Millisecond, Observer: f.counts, Log: slog.New(slog.DiscardHandler),
		Epochs: new(cache.Epochs), Valid: func(shared.Object) bool { return true }, Now: time.Now,
	}
	for _, f := range change {
		f(&c)
	}
	f.Store = shared.New(c)
	return f
}

const source = variant.Name("0123456789abcdef0123456789abcdef")

// name is that of a derivative of a kind.
func name(kind int) variant.Name { return source + variant.Name(fmt.Sprintf("-%024x", kind)) }

var date = time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)

func object(body string) shared.Object {
	return shared.Object{
		Data: []byte(body), Sum: crc32.Checksum([]byte(body), crc32.MakeTable(crc32.Castagnoli)), ModTime: date, MediaType: "image/jpeg",
	}
}

// keep has an entry written in the present epoch, and waits for it.
func (f *tier) keep(t *testing.T, n variant.Name, body string, c shared.Cost) {
	t.Helper()
	f.Keep(t.Context(), f.entry(n, body, c))
	f.drain(t)
}

func (f *tier) entry(n variant.Name, body string, c shared.Cost) shared.Entry {
	return shared.Entry{Object: object(body), Name: n, Epoch: f.Epochs.At(n), Cost: c}
}

func (f *tier) drain(t *testing.T) {
	t.Helper()
	if err := f.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}
