// Package cachetest has the conformance tests for every cache.Store (Run), and a Store in
// memory for other tests (Fake).
package cachetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// Run tests the Store that open returns. Each subtest calls open, which may return the same
// store each time: no two subtests share a name. They run in parallel.
func Run(t *testing.T, open func(t *testing.T) cache.Store) {
	for name, test := range map[string]func(*testing.T, cache.Store){
		"round trip":                 roundTrip,
		"all views of a body agree":  views,
		"views of a body in memory":  fillViews,
		"miss":                       miss,
		"remove":                     remove,
		"replace":                    replace,
		"open while replaced":        openWhileReplaced,
		"open while removed":         openWhileRemoved,
		"modification time":          modTimes,
		"empty body":                 emptyBody,
		"large body":                 largeBody,
		"reader in odd pieces":       oddPieces,
		"failing reader":             failingReader,
		"panicking reader":           panickingReader,
		"context done before":        doneBefore,
		"context done while reading": doneWhileReading,
		"names":                      names,
		"neighbours":                 neighbours,
		"touch":                      touch,
		"remove source":              removeSource,
		"check":                      check,
		"fill and open at once":      atOnce,
		"fill, open, remove at once": removeAtOnce,
		"several read one Blob at":   readAtOnce,
		"close":                      closing,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// someTime is a Last-Modified that no clock returns by accident.
var someTime = time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)

// nameFor returns the name of a derivative that only this subtest uses.
func nameFor(t *testing.T) variant.Name { return nameOf(t.Name()) }

func nameOf(s string) variant.Name {
	sum := sha256.Sum256([]byte(s))
	return variant.Name(hex.EncodeToString(sum[:16]) + "-" + hex.EncodeToString(sum[16:28]))
}

// wantMiss fails the test if there is an entry.
func wantMiss(t *testing.T, s cache.Store, name variant.Name) {
	t.Helper()
	b, err := s.Open(name)
	if err == nil {
		b.Close()
		t.Fatalf("Open(%s) = a Blob of %d bytes, want ErrMiss", name, b.Size)
	}
	if !errors.Is(err, cache.ErrMiss) {
		t.Fatalf("Open(%s) = %v, want ErrMiss", name, err)
	}
}

// wantEntry fails the test unless the entry has that body.
func wantEntry(t *testing.T, s cache.Store, name variant.Name, body []byte) {
	t.Helper()
	b, err := s.Open(name)
	if err != nil {
		t.Fatalf("Open(%s): %v", name, err)
	}
	defer b.Close()
	wantBody(t, b, body)
}
