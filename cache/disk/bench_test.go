package disk

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/thumbery/thumbery/variant"
)

const benchName variant.Name = "3fa0c1d2e3f405162738495a6b7c8d9e-0123456789abcdef01234567"

var benchTime = time.Unix(1_700_000_000, 0)

func benchStore(b *testing.B, opts Options) *Store {
	b.Helper()
	s, err := Open(b.TempDir(), Derivatives, opts)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func benchFill(b *testing.B, s *Store, body []byte) {
	b.Helper()
	blob, err := s.Fill(b.Context(), benchName, bytes.NewReader(body), benchTime)
	if err != nil {
		b.Fatal(err)
	}
	if blob.NotKept != nil {
		b.Fatal(blob.NotKept)
	}
	if err := blob.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkOpenHit(b *testing.B) {
	s := benchStore(b, Options{NoSync: true})
	benchFill(b, s, make([]byte, 20<<10))
	b.ReportAllocs()
	for b.Loop() {
		blob, err := s.Open(benchName)
		if err != nil {
			b.Fatal(err)
		}
		if err := blob.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenMiss(b *testing.B) {
	s := benchStore(b, Options{NoSync: true})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Open(benchName); err == nil {
			b.Fatal("a hit in an empty store")
		}
	}
}

func BenchmarkTouch(b *testing.B) {
	s := benchStore(b, Options{NoSync: true})
	benchFill(b, s, make([]byte, 20<<10))
	b.ReportAllocs()
	for b.Loop() {
		s.Touch(benchName)
	}
}

func BenchmarkFill20K(b *testing.B) {
	for name, opts := range map[string]Options{"sync": {}, "nosync": {NoSync: true}} {
		b.Run(name, func(b *testing.B) {
			s := benchStore(b, opts)
			body := make([]byte, 20<<10)
			b.ReportAllocs()
			for b.Loop() {
				benchFill(b, s, body)
			}
		})
	}
}

// BenchmarkOpenStore opens a store whose directories exist.
func BenchmarkOpenStore(b *testing.B) {
	dir := b.TempDir()
	if _, err := Open(dir, Originals, Options{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Open(dir, Originals, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkForget forgets pictures by a prefix, in a dry run, so that it can be repeated.
func BenchmarkForget(b *testing.B) {
	const pictures = 300
	dir := albumOf(b, pictures)
	b.ReportAllocs()
	for b.Loop() {
		f, err := Forget(b.Context(), dir, nil, []string{"photos/"}, ForgetOptions{DryRun: true})
		if err != nil || f.Pictures != pictures {
			b.Fatal(f, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pictures, "ns/picture")
}

// albumOf returns a cache directory with n pictures and their derivatives. Nearly all pictures
// are in directories of their own.
func albumOf(tb testing.TB, n int) (dir string) {
	tb.Helper()
	var keys []variant.Key
	for i := range n {
		keys = append(keys, variant.Key(fmt.Sprintf("photos/%d.jpg", i)))
	}
	dir = plant(tb, album(keys...)...)
	mustNote(tb, openJournal(tb, dir, nil), keys...)
	return dir
}
