package pipeline_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

// A large original that is not in the cache is redirected to its backend.
func TestRedirectRaw(t *testing.T) {
	size := int64(len(picture(80, 60)))
	for name, tt := range map[string]struct {
		over      int64
		elsewhere bool
	}{"larger": {size - 1, true}, "not larger": {size, false}, "off": {0, false}} {
		store := storagetest.NewStore(map[string][]byte{"cat.jpg": picture(80, 60)})
		h := newFixture(func(c *pipeline.Config) { c.Originals.Origin, c.Originals.RedirectRaw = store, tt.over })
		raw, link := variant.Variant{Kind: variant.Raw}, storage.LinkOptions{Expires: time.Minute}
		r, err := h.Original(t.Context(), "cat.jpg", raw, link)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(r.Location, "cat.jpg"); got != tt.elsewhere || got == (r.Blob.Size > 0) || got == (h.originals.Len() > 0) {
			t.Errorf("%s: at %q, %d bytes, %d kept", name, r.Location, r.Blob.Size, h.originals.Len())
		}
		// An original that was fetched for another reason is sent.
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		r, err = h.Original(t.Context(), "cat.jpg", raw, link)
		if err != nil || r.Location != "" || r.Blob.Size != size {
			t.Errorf("%s: in the cache: %+v, %v", name, r, err)
		}
		if store.TotalOpens() > 2 || store.Unclosed() != 0 {
			t.Errorf("%s: opened %d times, %d left open", name, store.TotalOpens(), store.Unclosed())
		}
	}
}

func TestLink(t *testing.T) {
	store := storagetest.NewStore(nil)
	h := newFixture(func(c *pipeline.Config) { c.Originals.Origin = store })
	if link, err := h.Originals.Link(t.Context(), "no/such.jpg", storage.LinkOptions{}); err != nil || !strings.Contains(link, "no/such.jpg") {
		t.Errorf("%q, %v", link, err)
	}
	if link, err := newFixture().Originals.Link(t.Context(), "cat.jpg", storage.LinkOptions{}); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("of a place without links: %q, %v", link, err)
	}
}

func TestOriginDown(t *testing.T) {
	down := false
	h := newFixture(func(c *pipeline.Config) { c.Originals.Down = func(key string) bool { return down && key == "cat.jpg" } })
	h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
	down = true
	v := parse(t, "40x")
	located, ok := h.Locate(t.Context(), "cat.jpg", v, h.Name("cat.jpg", v, 0))
	raw, err := h.Original(t.Context(), "cat.jpg", variant.Variant{Kind: variant.Raw}, storage.LinkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*pipeline.Result{
		"hit": h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30), "new": h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15),
		"located": located, "raw": raw,
	} {
		if !r.OriginDown {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := h.want(t, "dog.jpg", "30x", pipeline.Made, 30, 40); r.OriginDown || !ok {
		t.Errorf("of another place: %+v, %t", r, ok)
	}
}

// Off, the memory is not asked; on again, it has what it had.
func TestSetHot(t *testing.T) {
	h := newFixture()
	h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
	h.Derivatives.SetMemory(false)
	for range 2 {
		h.want(t, "cat.jpg", "40x", pipeline.FromDisk, 40, 30)
	}
	h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15)
	h.want(t, "cat.jpg", "20x", pipeline.FromDisk, 20, 15)
	h.Derivatives.SetMemory(true)
	h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
}
