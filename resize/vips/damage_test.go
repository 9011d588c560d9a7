package vips

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// make1 is the whole way from bytes to bytes.
func make1(e *Engine, src []byte, ops string) ([]byte, error) {
	v, err := variant.Parse(ops)
	if err != nil {
		return nil, err
	}
	h, err := inspect(e, src, v.Page)
	if err != nil {
		return nil, err
	}
	if resize.NeedsLook(v) {
		if v, err = e.Look(context.Background(), resize.InMemory(src), h, v); err != nil {
			return nil, err
		}
	}
	p, err := resize.NewPlan(h, v, 0, settings(e))
	if err != nil {
		return nil, err
	}
	out, err := e.Resize(context.Background(), resize.InMemory(src), h, p)
	if err != nil {
		return out, err
	}
	return out, resize.CheckResult(bytes.NewReader(out), int64(len(out)), p)
}

func oddity(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile("../../testdata/odd/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// damaged changes 20 bytes at so many percent of src.
func damaged(src []byte, percent int) []byte {
	b := bytes.Clone(src)
	at := len(b) * percent / 100
	for i := range 20 {
		b[at+i] ^= byte(37*i + 85)
	}
	return b
}

// summed gives all chunks of a PNG the checksums that they should have.
func summed(png []byte) []byte {
	b := bytes.Clone(png)
	for rest := b[8:]; len(rest) >= 12; {
		n := binary.BigEndian.Uint32(rest)
		binary.BigEndian.PutUint32(rest[8+n:], crc32.ChecksumIEEE(rest[4:8+n]))
		rest = rest[12+n:]
	}
	return b
}

// outputs reach every encoder, in one pass and in two.
var outputs = []string{
	"dpr_1,f_jpeg", "dpr_1,f_png", "30x,f_webp", "30x,f_avif", "30x,f_gif",
	"30x30,fit_contain,f_jpeg", "30x30,fit_contain,f_png", "30x30,fit_contain,f_webp",
}

// wrongs are pictures with something wrong inside, whole from outside. comes says
// whether they come out nevertheless: a JPEG's scan has no
// way to tell damage from a picture, and what libvips makes of it is taken.
func wrongs(t testing.TB) []wrong {
	quarters := resizetest.PNG(resizetest.Quarters(400, 300))
	return []wrong{
		{"a PNG's IDAT", damaged(quarters, 50), false},
		{"an interlaced PNG's IDAT", damaged(oddity(t, "interlaced.png"), 50), false},
		{"an interlaced PNG's IDAT, summed again", summed(damaged(oddity(t, "interlaced.png"), 50)), false},
		{"a PNG's IDAT, summed again", summed(damaged(quarters, 50)), false},
		{"a VP8L", damaged(oddity(t, "lossless.webp"), 70), false},
		{"a WebP with alpha", damaged(oddity(t, "alpha.webp"), 50), false},
		{"an AVIF", damaged(oddity(t, "photo.avif"), 50), false},
		{"a JPEG's tables", damaged(oddity(t, "p3.jpg"), 30), false},
		{"a JPEG's scan", damaged(oddity(t, "p3.jpg"), 70), true},
	}
}

type wrong struct {
	name  string
	src   []byte
	comes bool
}

func (w wrong) check(t *testing.T, e *Engine, ops string) {
	out, err := make1(e, w.src, ops)
	if w.comes && (err != nil || len(out) == 0) {
		t.Errorf("%s, %s: %v, want a picture", w.name, ops, err)
	}
	if !w.comes && !errors.Is(err, header.ErrBroken) {
		t.Errorf("%s, %s: %d bytes, %v, want ErrBroken", w.name, ops, len(out), err)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, w := range wrongs(t) {
		for _, ops := range sample.Every(3, outputs) {
			w.check(t, e, ops)
		}
	}
}

// tooWide is a plan whose encoding fails: a WebP's sides have 14 bits.
func tooWide(t testing.TB, e *Engine) func() error {
	src := resizetest.PNG(resizetest.Quarters(40, 30))
	h, err := inspect(e, src, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := resize.Plan{
		Frames: 1, ScaledW: 17000, ScaledH: 3, Cut: resize.Rect{Width: 17000, Height: 3}, CanvasW: 17000, CanvasH: 3,
		Background: variant.Color{A: 255, Set: true}, Output: resize.Output{Format: variant.WebP, Quality: 50},
	}
	letterboxed := p
	letterboxed.CanvasH = 5
	return func() error {
		_, err := e.Resize(context.Background(), resize.InMemory(src), h, p)
		_, again := e.Resize(context.Background(), resize.InMemory(src), h, letterboxed)
		if err == nil || again == nil || errors.Is(again, header.ErrBroken) {
			return errors.Join(errors.New("not our failure"), again, header.ErrBroken)
		}
		return err
	}
}

// TestOurFailure: a good picture is not to blame for what cannot be encoded.
func TestOurFailure(t *testing.T) {
	t.Parallel()
	if err := tooWide(t, defaultEngine(t))(); err == nil || errors.Is(err, header.ErrBroken) || errors.Is(err, header.ErrNotPicture) {
		t.Errorf("got %v, want a failure of our own", err)
	}
}

// TestDamageConcurrent: whose fault a failure is does not depend on what else
// fails at the same moment.
func TestDamageConcurrent(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	all, fail := sample.Every(2, wrongs(t)), tooWide(t, e)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for round := range len(all) {
				all[(i+round)%len(all)].check(t, e, outputs[(3*i+round)%len(outputs)])
				if err := fail(); errors.Is(err, header.ErrBroken) {
					t.Errorf("our own failure: %v", err)
				}
			}
		})
	}
	group.Wait()
}
