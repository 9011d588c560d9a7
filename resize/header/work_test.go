package header_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/hostile"
	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// work is what an inspection took, in units that no machine changes: bytes and pieces
// read, steps counted by the parsers, and bytes allocated.
type work struct{ bytes, reads, steps, allocated int64 }

// of is what Inspect takes for b.
func workOf(t *testing.T, b []byte) (w work, err error) {
	t.Helper()
	r := readerFunc(func(p []byte, off int64) (int, error) {
		n, err := bytes.NewReader(b).ReadAt(p, off)
		w.bytes += int64(n)
		w.reads++
		return n, err
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w.steps, err = header.InspectSteps(t.Context(), r, int64(len(b)), header.AllFormats)
	runtime.ReadMemStats(&after)
	w.allocated = int64(after.TotalAlloc - before.TotalAlloc)
	return w, err
}

// within reports that no figure is more than so many times another's, and so much.
func (w work) within(times int64, o work, free work) bool {
	return w.bytes <= times*o.bytes+free.bytes && w.reads <= times*o.reads+free.reads &&
		w.steps <= times*o.steps+free.steps && w.allocated <= times*o.allocated+free.allocated
}

// growing are hostile files of about n bytes, by what is in them.
var growing = map[string]func(n int) []byte{
	"jpeg, empty segments": func(n int) []byte { return jpegWith(n, segment(0xe9)) },
	"jpeg, fill bytes":     func(n int) []byte { return jpegWith(n, []byte{0xff}) },
	"jpeg, EXIF": func(n int) []byte {
		return jpegWith(n, segment(0xe1, []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00")...))
	},
	"jpeg, scans": func(n int) []byte {
		return append(jpegOf(0xc2, 40, 30, 3, 100)[:1200], jpegWith(n, []byte{0xff, 0, 0xff, 0xd0})[3:]...)
	},

	"png, empty chunks":  func(n int) []byte { return pngWith(n, pngChunk("teXt")) },
	"png, EXIF":          func(n int) []byte { return pngWith(n, pngChunk("eXIf", scattered(1000)...)) },
	"webp, empty chunks": func(n int) []byte { return webpOf(vp8x(0, 40, 30), slices.Concat(repeated(n, chunk("ABCD"))...)) },
	"webp, EXIF": func(n int) []byte {
		return webpOf(vp8x(0, 40, 30), slices.Concat(repeated(n, chunk("EXIF", scattered(1000)...))...))
	},
	"webp, frames": func(n int) []byte {
		return webpOf(vp8x(2, 40, 30), slices.Concat(repeated(n, anmf(40, 30, vp8(40, 30)))...))
	},
	"gif, sub-blocks": func(n int) []byte { return gifWith(n, []byte{1, 0}) },
	"gif, extensions": func(n int) []byte { return gifWith(n, []byte{0, 0x21, 0xf9}) },
	"gif, frames":     func(n int) []byte { return odd.ManyFrames(n / 16) },

	"avif, empty boxes": func(n int) []byte {
		return slices.Concat(boxOf("ftyp", []byte("avif"), be32(0)), slices.Concat(repeated(n, boxOf("free"))...))
	},
	"avif, boxes in meta": func(n int) []byte { return metaOf("av01", repeated(n, boxOf("free"))...) },
	"avif, references": func(n int) []byte {
		return metaOf("av01", boxOf("iref", be32(0), slices.Concat(repeated(n, reference())...)))
	},
	"avif, empty extents":      func(n int) []byte { return metaOf("av01", boxOf("iloc", be32(0), emptyExtents(n))) },
	"avif, tiles that are one": func(n int) []byte { return sharedTiles(40, n/2) },
	"avif, units far apart":    func(n int) []byte { return sharedCoded(40, distantUnits(n)) },
}

// A file that is twice as long takes at most twice the work, and the work for each
// byte is bounded.
func TestWorkIsLinear(t *testing.T) {
	for name, make := range growing {
		var last work
		for i, n := range []int{128 << 10, 256 << 10, 512 << 10} {
			b := make(n)
			w, err := workOf(t, b)
			if testing.Verbose() {
				t.Logf("%s, %d bytes: %+v, %v", name, len(b), w, err)
			}
			if i > 0 && !w.within(2, last, work{1 << 20, 256, 64 << 10, 2 << 20}) {
				t.Errorf("%s: %d bytes take %+v, half of them %+v (%v)", name, len(b), w, last, err)
			}
			checkWork(t, name, b, w)
			last = w
		}
	}
}

// checkWork bounds the work for each byte, by what the parsers allow themselves.
func checkWork(t *testing.T, name string, b []byte, w work) {
	t.Helper()
	n := int64(len(b))
	if !w.within(n, work{16, 1, 9, 32}, work{1 << 20, 4 << 10, 4<<10 + 1, 24 << 20}) {
		t.Errorf("%s of %d bytes takes %+v", name, n, w)
	}
}

// So it is for the corpus, and for what is odd and not hostile.
func TestWorkOfCorpus(t *testing.T) {
	testdata := os.DirFS("../../testdata")
	for _, f := range hostile.Corpus(testdata) {
		b, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 {
			continue
		}
		w, _ := workOf(t, b)
		checkWork(t, f.Name, b, w)
	}
	for name, b := range samples(t) {
		w, err := workOf(t, b)
		if err != nil || w.bytes > int64(len(b))+4<<10 {
			t.Errorf("%s of %d bytes: %+v, %v", name, len(b), w, err)
		}
	}
}

// repeated is b so often that it has about n bytes.
func repeated(n int, b []byte) [][]byte { return slices.Repeat([][]byte{b}, max(1, n/len(b))) }

func jpegWith(n int, more []byte) []byte {
	return slices.Concat([]byte{0xff, 0xd8, 0xff}, bytes.Repeat(more, n/len(more)))
}

func pngWith(n int, chunk []byte) []byte {
	return slices.Concat(resizetest.PNG(resizetest.Quarters(40, 30))[:33], bytes.Repeat(chunk, n/len(chunk)))
}

func gifWith(n int, blocks []byte) []byte {
	return slices.Concat([]byte("GIF89a\x28\x00\x1e\x00\x00\x00\x00\x21\xfe"), bytes.Repeat(blocks, n/len(blocks)))
}

// scattered is EXIF with so many entries whose values are all as far away as can be.
func scattered(entries int) []byte {
	b := slices.Concat([]byte("MM\x00*\x00\x00\x00\x08"), []byte{byte(entries >> 8), byte(entries)})
	for i := range entries {
		b = append(b, byte(i>>8), byte(i), 0, 3, 0, 0, 0, 9)
		b = binary.BigEndian.AppendUint32(b, uint32(8+2+12*entries+4))
	}
	return append(b, make([]byte, 24)...)
}

func reference() []byte { return boxOf("dimg", []byte{0, 1, 1, 0}, make([]byte, 512)) }

// emptyExtents is an iloc of items that have as many extents of no bytes as can be.
func emptyExtents(n int) []byte {
	items := min(n/6, 16<<10)
	b := []byte{0, 0, byte(items >> 8), byte(items)}
	for i := range items {
		b = append(b, byte(i>>8), byte(i), 0, 0, 0x3f, 0xff)
	}
	return b
}

// distantUnits is AV1 whose units are farther from each other than what is read at
// once.
func distantUnits(n int) []byte {
	padding := slices.Concat([]byte{0x7a, 0x80, 0x28}, make([]byte, 5<<10))
	return slices.Concat(av1(40, 30), bytes.Repeat(padding, n/len(padding)))
}
