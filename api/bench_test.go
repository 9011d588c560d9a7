package api

import (
	"image"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

// discardWriter is a client that discards what it gets.
type discardWriter struct {
	header http.Header
	status int
}

func (n *discardWriter) Header() http.Header         { return n.header }
func (n *discardWriter) WriteHeader(status int)      { n.status = status }
func (n *discardWriter) Write(p []byte) (int, error) { return len(p), nil }

// ReadFrom stands for sendfile(2), which does not copy either.
func (n *discardWriter) ReadFrom(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

// BenchmarkHit is a hit in the handler alone, with a real cache directory, the
// access log in a file and a request as nginx passes it on.
func BenchmarkHit(b *testing.B) {
	for _, bm := range []struct {
		name, ops, accel string
		hot              int64
		hints, counted   bool
	}{
		{"accel", "40x30,g_ne", "/cache/", 0, false, false},
		{"disk", "40x30,g_ne", "", 0, false, false},
		{"memory", "40x30,g_ne", "", 1 << 20, false, false},
		{"auto", "40x30,f_auto", "/cache/", 0, false, false},
		{"hinted", "40x30,f_auto", "/cache/", 0, true, false},
		{"counted", "40x30,g_ne", "/cache/", 0, false, true},
		{"counted-memory", "40x30,g_ne", "", 1 << 20, false, true},
		{"info-accel", "info", "/cache/", 0, false, false},
		{"info-memory", "info", "", 1 << 20, false, false},
	} {
		b.Run(bm.name, func(b *testing.B) { benchmarkHit(b, bm.ops, bm.accel, bm.hot, bm.hints, bm.counted) })
	}
}

func benchmarkHit(b *testing.B, ops, accel string, hot int64, hints, counted bool) {
	h, _ := newDiskHandler(b, hot, func(c *Config) {
		c.ClientHints = hints
		if counted {
			c.Hot = HotHeaders{After: MaxHotAfter, Window: time.Minute, Header: HotHeader{Name: "X-Accel-Expires", Hot: "60", Cold: "0"}}
		}
		if accel != "" {
			c.SendFile = SendFile{AccelHeader, accel}
		}
	})
	r := httptest.NewRequest(http.MethodGet, "/"+ops+"/photos/cat.jpg", nil)
	r.Header.Set("X-Request-Id", "7d1f0a52be8649f6a5a1c1ac0b90a0ee")
	r.Header.Set("Accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8")
	r.Header.Set("Sec-CH-DPR", "2")
	w := &discardWriter{header: http.Header{}}
	h.ServeHTTP(w, r)
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
	if w.status != http.StatusOK {
		b.Errorf("status %d", w.status)
	}
}

// newDiskHandler returns the public handler with a real cache directory, and a log in a
// file.
func newDiskHandler(tb testing.TB, hot int64, change ...func(*Config)) (public http.Handler, cache string) {
	tb.Helper()
	dir := tb.TempDir()
	cache = filepath.Join(dir, "cache")
	open := func(tier string) *disk.Store {
		s, err := disk.Open(cache, tier, disk.Options{NoSync: true})
		if err != nil {
			tb.Fatal(err)
		}
		return s
	}
	file, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { file.Close() })
	log := slog.New(slog.NewTextHandler(file, nil))
	resizer := &resizetest.Fake{Formats: []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF}}
	p := newPipeline(pipeline.Config{
		Originals: originals.Config{
			Origin: storagetest.NewFake(map[string][]byte{
				"photos/cat.jpg": resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60))),
			}),
			Cache: open(disk.Originals), Fetches: gate.New(8, 8, 64), MaxBytes: 1 << 20, FetchTimeout: time.Minute,
		},
		Derivatives: derivatives.Config{Cache: open(disk.Derivatives), MemoryBytes: hot},
		Render: render.Config{
			Resizer: resizer, Gate: gate.New(2, 1<<20, 8), Timeout: time.Minute,
			Settings: resize.Settings{MaxPixels: 1 << 20, CanWrite: resizer.CanWrite},
		},
		Log: log, Now: time.Now,
	})
	c := Config{Pipeline: p, MaxAge: time.Hour, Log: log}
	for _, f := range change {
		f(&c)
	}
	return New(c), cache
}
