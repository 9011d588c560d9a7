// Package storagetest has what tests of origins, and tests that need one, share:
// the conformance suite that every origin passes, and a fake origin.
package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// largeSize is more than any buffer between an origin and us, and uneven.
const largeSize = 3<<20 + 7

// Run checks that an origin keeps the promises of storage.Origin. newOrigin
// makes one that has exactly the given objects, and may call t.Skip and
// t.Cleanup; it is called once for each part.
func Run(t *testing.T, newOrigin func(t *testing.T, objects map[string][]byte) storage.Origin) {
	parts := []struct {
		name string
		run  func(*testing.T, factory)
	}{
		{"Found", testFound},
		{"Empty", testEmpty},
		{"Large", testLarge},
		{"OddKeys", testOddKeys},
		{"Missing", testMissing},
		{"NotModified", testNotModified},
		{"Metadata", testMetadata},
		{"CancelledBefore", testCancelledBefore},
		{"CancelledDuring", testCancelledDuring},
		{"Closed", testClosed},
		{"Check", testCheck},
		{"Concurrent", testConcurrent},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.run(t, newOrigin) })
	}
}

type factory = func(t *testing.T, objects map[string][]byte) storage.Origin

func testFound(t *testing.T, newOrigin factory) {
	want := []byte("the bytes of a cat")
	origin := newOrigin(t, map[string][]byte{"photos/cat.jpg": want, "cat.jpg": []byte("another")})
	object := mustOpen(t, origin, "photos/cat.jpg")
	defer closeBody(t, object)
	if object.Size != int64(len(want)) {
		t.Errorf("Size %d, want %d", object.Size, len(want))
	}
	got, err := io.ReadAll(iotest.OneByteReader(object.Body))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %q, %v; want %q", got, err, want)
	}
	for range 2 {
		if n, err := object.Body.Read(make([]byte, 8)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("Read after the end gives %d, %v; want 0, EOF", n, err)
		}
	}
}

func testEmpty(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"empty": {}})
	object := mustOpen(t, origin, "empty")
	defer closeBody(t, object)
	if object.Size != 0 {
		t.Errorf("Size %d, want 0", object.Size)
	}
	if n, err := object.Body.Read(make([]byte, 8)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("Read gives %d, %v; want 0, EOF", n, err)
	}
}

func testLarge(t *testing.T, newOrigin factory) {
	want := pattern(largeSize)
	origin := newOrigin(t, map[string][]byte{"large.tiff": want})
	object := mustOpen(t, origin, "large.tiff")
	defer closeBody(t, object)
	got, err := io.ReadAll(object.Body)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %d bytes, %v; equal: %t, want %d equal ones", len(got), err, bytes.Equal(got, want), len(want))
	}
}

// oddKeys are valid keys that quoting, decoding or cleaning anywhere on the way
// would change. Some stand for two objects that must not be one.
var oddKeys = []string{
	"a b.jpg", " leading", "a+b.jpg", "100%.jpg", "100%25.jpg", "a%2Fb.jpg", "a/b.jpg",
	"für/Größe ß.jpg", "日本/写真.png", "🐈.gif", "e\u0301.jpg", "é.jpg",
	"q?x=1&y=2.jpg", "h#1.jpg", `say "hi".jpg`, "it's.jpg", "a;b,c=d.jpg", "(1)[2]{3}.jpg",
	"~tilde", "@2x.png", "$1!", "star*", "<tag>", "a|b", "10:30.jpg", "^`", ".hidden", "..dots..", "dot./x.",
	"UPPER.JPG", "upper.jpg", "deep/" + strings.Repeat("d/", 20) + "x.jpg",
}

func testOddKeys(t *testing.T, newOrigin factory) {
	objects := map[string][]byte{}
	for _, key := range oddKeys {
		if _, err := variant.ParseKey(key); err != nil {
			t.Fatalf("%q is no valid key: %v", key, err)
		}
		objects[key] = []byte("this is " + key)
	}
	origin := newOrigin(t, objects)
	for _, key := range oddKeys {
		if got, err := read(t.Context(), origin, key); err != nil || string(got) != "this is "+key {
			t.Errorf("%q: read %q, %v", key, got, err)
		}
	}
}

func testMissing(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"photos/cat.jpg": []byte("cat")})
	tests := []struct{ name, key string }{
		{"no such object", "photos/dog.jpg"},
		{"no such directory", "fotos/cat.jpg"},
		{"a directory", "photos"},
		{"below an object", "photos/cat.jpg/x"},
		{"half a name", "photos/cat"},
		{"other case", "photos/CAT.jpg"},
		{"a segment too long for a file", "photos/" + strings.Repeat("x", 300)},
		{"as long as a key can be", strings.Repeat("a/", 511) + "xy"},
		{"only a space", " "},
		{"a backslash", `photos\cat.jpg`},
		{"percent", "photos%2Fcat.jpg"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(t.Context(), origin, tt.key)
			if !errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("error is %v, want ErrNotFound only", err)
			}
		})
	}
}

func testMetadata(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"a": []byte("one"), "b": []byte("three")})
	first, again, other := stat(t, origin, "a"), stat(t, origin, "a"), stat(t, origin, "b")
	switch {
	case first.ModTime.IsZero():
		t.Error("ModTime is not set")
	case first.ModTime.Nanosecond() != 0 || first.ModTime.Location() != time.UTC:
		t.Errorf("ModTime is %v, want whole seconds in UTC", first.ModTime)
	case !first.ModTime.Equal(again.ModTime):
		t.Errorf("ModTime changes from %v to %v", first.ModTime, again.ModTime)
	}
	switch {
	case first.ETag == "" || strings.ContainsAny(first.ETag, "\" \t"):
		t.Errorf("ETag is %q, want one without quotes", first.ETag)
	case first.ETag != again.ETag:
		t.Errorf("ETag changes from %q to %q", first.ETag, again.ETag)
	case first.ETag == other.ETag:
		t.Errorf("two objects have the ETag %q", first.ETag)
	}
	if origin.String() == "" {
		t.Error("String is empty")
	}
}

func testNotModified(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"a": []byte("one"), "b": []byte("other")})
	now := stat(t, origin, "a").Version()
	tests := []struct {
		name string
		have storage.Version
		want error
	}{
		{"both", now, storage.ErrNotModified},
		{"ETag", storage.Version{ETag: now.ETag}, storage.ErrNotModified},
		{"ModTime", storage.Version{ModTime: now.ModTime}, storage.ErrNotModified},
		{"ETag decides for it", storage.Version{ETag: now.ETag, ModTime: now.ModTime.Add(-time.Hour)}, storage.ErrNotModified},
		{"ETag decides against it", storage.Version{ETag: "other", ModTime: now.ModTime}, nil},
		{"another ETag", storage.Version{ETag: "other"}, nil},
		{"another's ETag", storage.Version{ETag: stat(t, origin, "b").ETag}, nil},
		{"an older ModTime", storage.Version{ModTime: now.ModTime.Add(-time.Second)}, nil},
		{"nothing", storage.Version{}, nil},
	}
	for _, tt := range tests {
		object, err := origin.Open(t.Context(), "a", tt.have)
		if tt.want != nil {
			wantOnly(t, tt.name, err, tt.want)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, err := io.ReadAll(object.Body); err != nil || string(got) != "one" || !object.Version().Is(now) {
			t.Errorf("%s: read %q, %v, version %v; want one, %v", tt.name, got, err, object.Version(), now)
		}
		closeBody(t, object)
	}
	if _, err := origin.Open(t.Context(), "missing", now); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("of an object that is missing: %v, want ErrNotFound", err)
	}
}

func testCancelledBefore(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"a": []byte("a")})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, key := range []string{"a", "missing"} {
		_, err := origin.Open(ctx, key, storage.Version{})
		wantOnly(t, "Open of "+key, err, context.Canceled)
	}
	if backend, ok := origin.(storage.Backend); ok {
		if err := backend.Check(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Check gives %v, want context.Canceled", err)
		}
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	_, err := origin.Open(late, "a", storage.Version{})
	wantOnly(t, "Open", err, context.DeadlineExceeded)
}

func testCancelledDuring(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"large": pattern(largeSize)})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	object, err := origin.Open(ctx, "large", storage.Version{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeBody(t, object)
	if _, err := io.ReadFull(object.Body, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 2 {
		n, err := object.Body.Read(make([]byte, 100))
		if n != 0 {
			t.Errorf("Read gives %d bytes after the cancellation", n)
		}
		wantOnly(t, "Read", err, context.Canceled)
	}
}

func testClosed(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"a": pattern(largeSize)})
	object := mustOpen(t, origin, "a")
	if _, err := io.ReadFull(object.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	closeBody(t, object)
	if n, err := object.Body.Read(make([]byte, 10)); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("Read after Close gives %d, %v; want an error other than EOF", n, err)
	}
	if err := object.Body.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

func testCheck(t *testing.T, newOrigin factory) {
	for _, objects := range []map[string][]byte{{}, {"a": []byte("a")}} {
		backend, ok := newOrigin(t, objects).(storage.Backend)
		if !ok {
			return
		}
		if err := backend.Check(t.Context()); err != nil {
			t.Errorf("Check with %d objects: %v", len(objects), err)
		}
	}
}

func testConcurrent(t *testing.T, newOrigin factory) {
	objects := map[string][]byte{}
	for i := range 8 {
		objects[fmt.Sprintf("k%d", i)] = bytes.Repeat([]byte{byte(i)}, 100_000+i)
	}
	origin := newOrigin(t, objects)
	var all sync.WaitGroup
	for range 4 {
		for key, want := range objects {
			all.Go(func() {
				if got, err := read(t.Context(), origin, key); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: read %d bytes, %v; want %d", key, len(got), err, len(want))
				}
			})
			all.Go(func() {
				if _, err := read(t.Context(), origin, key+"x"); !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("%sx: %v, want ErrNotFound", key, err)
				}
			})
		}
	}
	all.Wait()
}

// kinds are the errors of which one is at most one, but for ErrRefused.
var kinds = []error{
	storage.ErrNotFound, storage.ErrUnavailable, storage.ErrNotModified, storage.ErrExists,
	context.Canceled, context.DeadlineExceeded,
}

// wantOnly checks that err is of the kind want and of no other.
func wantOnly(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s gives %v, want %v", what, err, want)
	}
	for _, kind := range kinds {
		if kind != want && errors.Is(err, kind) {
			t.Errorf("%s gives %v, which is %v; want %v only", what, err, kind, want)
		}
	}
}

// WantRefused checks that an origin refuses to open key with storage.ErrRefused, for
// tests of backends that can be made to.
func WantRefused(t *testing.T, origin storage.Origin, key string) {
	t.Helper()
	_, err := read(t.Context(), origin, key)
	wantOnly(t, "Open of "+key, err, storage.ErrUnavailable)
	if !errors.Is(err, storage.ErrRefused) {
		t.Errorf("Open of %s gives %v, want ErrRefused", key, err)
	}
}

func mustOpen(t *testing.T, origin storage.Origin, key string) *storage.Object {
	t.Helper()
	object, err := origin.Open(t.Context(), key, storage.Version{})
	if err != nil {
		t.Fatalf("Open %q: %v", key, err)
	}
	return object
}

func stat(t *testing.T, origin storage.Origin, key string) *storage.Object {
	t.Helper()
	object := mustOpen(t, origin, key)
	closeBody(t, object)
	return object
}

func closeBody(t *testing.T, object *storage.Object) {
	t.Helper()
	if err := object.Body.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func read(ctx context.Context, origin storage.Origin, key string) ([]byte, error) {
	object, err := origin.Open(ctx, key, storage.Version{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Body.Close() }()
	return io.ReadAll(object.Body)
}

// pattern is n bytes without a short period.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}
