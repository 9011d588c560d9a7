package cache

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/variant"
)

func newBytesMemory(maxBytes int64) *Memory[variant.Name, []byte] {
	return NewMemory[variant.Name](maxBytes, func(b []byte) int { return cap(b) })
}

func memoryName(i int) variant.Name { return variant.Name(fmt.Sprintf("%032x", i)) }

func TestMemoryGetPutForget(t *testing.T) {
	t.Parallel()
	h := newBytesMemory(1 << 20)
	if v, ok := h.Get("3fa0"); ok || v != nil {
		t.Fatalf("Get from an empty Memory = %q, %v", v, ok)
	}
	h.Put("3fa0", []byte("one"))
	h.Put("3fa1", []byte("other"))
	if v, ok := h.Get("3fa0"); !ok || string(v) != "one" {
		t.Fatalf("Get = %q, %v, want one", v, ok)
	}
	h.Put("3fa0", []byte("two"))
	if v, ok := h.Get("3fa0"); !ok || string(v) != "two" {
		t.Fatalf("Get after a second Put = %q, %v, want two", v, ok)
	}
	h.Forget("3fa0")
	h.Forget("3fa0")
	if v, ok := h.Get("3fa0"); ok {
		t.Fatalf("Get after Forget = %q", v)
	}
	if v, ok := h.Get("3fa1"); !ok || string(v) != "other" {
		t.Fatalf("Get of another name = %q, %v, want other", v, ok)
	}
}

func TestMemoryStats(t *testing.T) {
	t.Parallel()
	h := newBytesMemory(1 << 20)
	h.Put("3fa0", make([]byte, 1000))
	h.Put("3fa1", make([]byte, 500))
	h.Put("3fa1", make([]byte, 700)) // in place of the 500
	entries, bytes := h.Stats()
	if want := int64(1700 + 2*memoryOverhead); entries != 2 || bytes != want {
		t.Fatalf("Stats = %d, %d, want 2, %d", entries, bytes, want)
	}
	h.Forget("3fa0")
	entries, bytes = h.Stats()
	if want := int64(700 + memoryOverhead); entries != 1 || bytes != want {
		t.Fatalf("Stats after Forget = %d, %d, want 1, %d", entries, bytes, want)
	}
}

func TestMemoryDisabled(t *testing.T) {
	t.Parallel()
	for _, maxBytes := range []int64{0, -1, math.MinInt64} {
		h := newBytesMemory(maxBytes)
		h.Put("3fa0", []byte("one"))
		h.Forget("3fa1")
		if v, ok := h.Get("3fa0"); ok {
			t.Errorf("of %d bytes: Get = %q, want a miss", maxBytes, v)
		}
		if entries, bytes := h.Stats(); entries != 0 || bytes != 0 {
			t.Errorf("of %d bytes: Stats = %d, %d", maxBytes, entries, bytes)
		}
	}
}

func TestMemoryRefusesTheLarge(t *testing.T) {
	t.Parallel()
	const whole = 80_000
	const most = whole/memoryShare - memoryOverhead
	h := newBytesMemory(whole)
	h.Put("3fa0", make([]byte, most))
	if _, ok := h.Get("3fa0"); !ok {
		t.Fatal("an eighth was not kept")
	}
	h.Put("3fa0", make([]byte, most+1))
	if v, ok := h.Get("3fa0"); ok {
		t.Fatalf("after a Put of more than an eighth there are %d bytes, want neither old nor new", len(v))
	}
}

func TestMemoryRefusesWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	for _, size := range []int{math.MaxUint32, math.MaxUint32 + 1, 1 << 33, math.MaxInt} {
		h := NewMemory[variant.Name](math.MaxInt64, func(int) int { return size })
		h.Put("3fa0", 1)
		if entries, bytes := h.Stats(); entries != 0 || bytes != 0 {
			t.Errorf("size %d: Stats = %d, %d, want nothing kept", size, entries, bytes)
		}
	}
	h := NewMemory[variant.Name](1<<20, func(int) int { return -5000 })
	h.Put("3fa0", 1)
	if _, bytes := h.Stats(); bytes != memoryOverhead {
		t.Errorf("a negative size counts %d bytes, want %d", bytes, memoryOverhead)
	}
}

// kept adds up the entries that Get returns, independently of the library's count.
func kept(h *Memory[variant.Name, []byte], names int) (bytes int64) {
	for i := range names {
		if v, ok := h.Get(memoryName(i)); ok {
			bytes += int64(cap(v)) + memoryOverhead
		}
	}
	return bytes
}

func TestMemoryBound(t *testing.T) {
	t.Parallel()
	const whole, names = 1 << 20, 2000
	h := newBytesMemory(whole)
	for i := range names {
		h.Put(memoryName(i), make([]byte, 1+i*37%100_000))
		if _, bytes := h.Stats(); bytes > whole {
			t.Fatalf("after %d Puts: %d bytes, want at most %d", i+1, bytes, whole)
		}
	}
	if got := kept(h, names); got > whole || got < whole/2 {
		t.Errorf("%d bytes can be got, want between half and all of %d", got, whole)
	}
}

func TestMemoryBoundAtOnce(t *testing.T) {
	t.Parallel()
	const whole, workers, each = 1 << 20, 8, 500
	h := newBytesMemory(whole)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				name := memoryName(w*each + i)
				h.Put(name, make([]byte, 1+(w+i)*53%100_000))
				h.Get(name)
				if i%10 == 0 {
					h.Forget(name)
				}
			}
		})
	}
	wg.Wait()
	_, bytes := h.Stats()
	if got := kept(h, workers*each); got > whole || bytes > whole || got != bytes {
		t.Errorf("%d bytes can be got and Stats says %d, want the same and at most %d", got, bytes, whole)
	}
}

// A crawl through many names, as by a search engine, does not evict what is hot.
func TestMemoryKeepsWhatIsHot(t *testing.T) {
	t.Parallel()
	h := newBytesMemory(200 * (1000 + memoryOverhead))
	const hot = 20
	for i := range hot {
		h.Put(memoryName(i), make([]byte, 1000))
	}
	for range 50 {
		for i := range hot {
			h.Get(memoryName(i))
		}
	}
	for i := range 5000 {
		h.Put(memoryName(1000+i), make([]byte, 1000))
		h.Get(memoryName(i % hot))
	}
	n := 0
	for i := range hot {
		if _, ok := h.Get(memoryName(i)); ok {
			n++
		}
	}
	if n < hot*3/4 {
		t.Errorf("%d of %d hot entries survived the crawl", n, hot)
	}
}

func BenchmarkMemoryGet(b *testing.B) {
	h := newBytesMemory(1 << 24)
	for i := range 1024 {
		h.Put(memoryName(i), make([]byte, 100))
	}
	name := memoryName(7)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := h.Get(name); !ok {
			b.Fatal("miss")
		}
	}
}

func BenchmarkMemoryPutEvicting(b *testing.B) {
	h := newBytesMemory(1 << 20)
	v := make([]byte, 20_000)
	names := make([]variant.Name, 4096)
	for i := range names {
		names[i] = memoryName(i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		h.Put(names[i%len(names)], v)
		i++
	}
}
