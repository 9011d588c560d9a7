package storagetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// Getter gets a URL as a browser would, and returns the body and the
// Content-Disposition of the answer. ok says that its status was 200.
type Getter func(t *testing.T, url string) (body []byte, disposition string, ok bool)

// RunLinker checks that an origin keeps the promises of storage.Linker. newOrigin
// is as in Run; what it makes must be a Linker.
func RunLinker(t *testing.T, newOrigin func(t *testing.T, objects map[string][]byte) storage.Origin, get Getter) {
	objects := map[string][]byte{}
	for _, key := range oddKeys {
		objects[key] = []byte("this is " + key)
	}
	origin := newOrigin(t, objects)
	linker := origin.(storage.Linker)
	t.Run("LinkOddKeys", func(t *testing.T) {
		for key, want := range objects {
			url, err := linker.Link(t.Context(), key, storage.LinkOptions{Expires: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if got, _, ok := get(t, url); !ok || !bytes.Equal(got, want) {
				t.Errorf("%q: %s gives %.200q, %t", key, url, got, ok)
			}
		}
	})
	t.Run("LinkOfObject", func(t *testing.T) {
		object := stat(t, origin, "@2x.png")
		if object.Link == nil {
			t.Fatal("an open object has no Link")
		}
		const disposition = `attachment; filename="a b.png"; filename*=UTF-8''%C3%A4%20b.png`
		url, err := object.Link(t.Context(), storage.LinkOptions{Expires: time.Hour, Disposition: disposition})
		if err != nil {
			t.Fatal(err)
		}
		if got, is, ok := get(t, url); !ok || is != disposition || string(got) != "this is @2x.png" {
			t.Errorf("%s gives %q, %q, %t", url, got, is, ok)
		}
	})
	t.Run("LinkOfNothing", func(t *testing.T) {
		url, err := linker.Link(t.Context(), "missing", storage.LinkOptions{Expires: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if got, _, ok := get(t, url); ok {
			t.Errorf("%s gives %.200q", url, got)
		}
	})
}
