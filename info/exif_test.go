package info

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// exifOf reads the EXIF of a picture in memory.
func exifOf(t testing.TB, src []byte, f variant.Format) Exif {
	t.Helper()
	e, err := ReadExif(bytes.NewReader(src), int64(len(src)), header.Header{Format: f})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestReadExif(t *testing.T) {
	t.Parallel()
	want := Exif{Taken: "2024-07-14T09:30:15+02:00", Make: "Thumbery", Model: "Obscura 1", HasGPS: true, Latitude: 47.376806, Longitude: -8.54}
	for name, f := range map[string]variant.Format{
		"exif.jpg": variant.JPEG, "exif.png": variant.PNG, "exif.webp": variant.WebP, "exif.avif": variant.AVIF, "exif.heic": variant.HEIC,
	} {
		got := exifOf(t, read(t, "odd/"+name), f)
		got.Latitude, got.Longitude = float64(int(got.Latitude*1e6+0.5))/1e6, float64(int(got.Longitude*1e6-0.5))/1e6
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for name, f := range map[string]variant.Format{
		"orientation-6.jpg": variant.JPEG, "gray.jpg": variant.JPEG, "truncated.jpg": variant.JPEG, "alpha.png": variant.PNG,
		"scene.jxl": variant.JXL, "animated.gif": variant.GIF, "drawing.svg": variant.SVG, "pages.pdf": variant.PDF, "text.jpg": variant.JPEG,
	} {
		if got := exifOf(t, read(t, "odd/"+name), f); got != (Exif{}) {
			t.Errorf("%s: %+v, want nothing", name, got)
		}
	}
}

// field is an entry of a directory; a value of more than four bytes is put
// behind the directory.
type field struct {
	tag, kind uint16
	count     uint32
	value     []byte
}

func text(tag uint16, s string) field {
	return field{tag, 2, uint32(len(s) + 1), append([]byte(s), 0)}
}

func ratios(tag uint16, v ...uint32) field {
	f := field{tag: tag, kind: 5, count: uint32(len(v) / 2)}
	for _, x := range v {
		f.value = binary.BigEndian.AppendUint32(f.value, x)
	}
	return f
}

// directory lies at off.
func directory(off int, fields ...field) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(fields)))
	end := off + 2 + 12*len(fields) + 4
	var tail []byte
	for _, f := range fields {
		value := f.value
		if len(value) > 4 {
			value, tail = binary.BigEndian.AppendUint32(nil, uint32(end+len(tail))), append(tail, value...)
		}
		b = binary.BigEndian.AppendUint16(b, f.tag)
		b = binary.BigEndian.AppendUint16(b, f.kind)
		b = binary.BigEndian.AppendUint32(b, f.count)
		b = append(b, append(value, make([]byte, 4-len(value))...)...)
	}
	return slices.Concat(b, make([]byte, 4), tail)
}

// tiffOf has a first directory with these fields, one of a camera, and one of a
// place.
func tiffOf(first, camera, place []field) []byte {
	pointers := func(camera, place int) []field {
		return append(slices.Clone(first),
			field{0x8769, 4, 1, binary.BigEndian.AppendUint32(nil, uint32(camera))},
			field{0x8825, 4, 1, binary.BigEndian.AppendUint32(nil, uint32(place))})
	}
	at := 8 + len(directory(8, pointers(0, 0)...))
	c := directory(at, camera...)
	return slices.Concat([]byte("MM\x00*\x00\x00\x00\x08"), directory(8, pointers(at, at+len(c))...), c, directory(at+len(c), place...))
}

func TestExifValues(t *testing.T) {
	t.Parallel()
	here := func(north, east string, v ...uint32) []field {
		return []field{text(1, north), ratios(2, v[:6]...), text(3, east), ratios(4, v[6:]...)}
	}
	for _, c := range []struct {
		name          string
		first, camera []field
		place         []field
		want          Exif
	}{
		{name: "nothing"},
		{name: "no zone", camera: []field{text(0x9003, "2020:02:29 23:59:59")}, want: Exif{Taken: "2020-02-29T23:59:59"}},
		{name: "UTC", camera: []field{text(0x9003, "2020:02:29 23:59:59"), text(0x9011, "+00:00")}, want: Exif{Taken: "2020-02-29T23:59:59Z"}},
		{name: "a zone that is none", camera: []field{text(0x9003, "2020:02:29 23:59:59"), text(0x9011, "   :  ")}, want: Exif{Taken: "2020-02-29T23:59:59"}},
		{name: "scanned", camera: []field{text(0x9003, "    :  :     :  :  "), text(0x9004, "1999:12:31 00:00:00"), text(0x9012, "-03:30")}, want: Exif{Taken: "1999-12-31T00:00:00-03:30"}},
		{name: "no such day", camera: []field{text(0x9003, "2020:02:30 23:59:59")}},
		{name: "a clock that was never set", camera: []field{text(0x9003, "0000:00:00 00:00:00")}},
		{name: "a date in the wrong directory", first: []field{text(0x9003, "2020:02:29 23:59:59")}},
		{name: "texts", first: []field{text(0x10f, " Canon\x01 \x00\x00"), text(0x110, "EOS\x02")}, want: Exif{Make: "Canon", Model: "EOS"}},
		{name: "two of one", first: []field{text(0x10f, "First"), text(0x10f, "Second")}, want: Exif{Make: "First"}},
		{name: "a number for a text", first: []field{{0x10f, 3, 1, []byte{1, 2}}, text(0x110, "M")}, want: Exif{Model: "M"}},
		{name: "a long text", first: []field{text(0x10f, string(bytes.Repeat([]byte("x"), 200)))}},
		{name: "south and west", place: here("S", "W", 33, 1, 30, 1, 0, 1, 70, 1, 15, 1, 0, 1), want: Exif{HasGPS: true, Latitude: -33.5, Longitude: -70.25}},
		{name: "no side", place: here("", "W", 33, 1, 30, 1, 0, 1, 70, 1, 15, 1, 0, 1)},
		{name: "no fix", place: here("N", "E", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
		{name: "noughts", place: here("N", "E", 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1)},
		{name: "beyond the pole", place: here("N", "E", 91, 1, 0, 1, 0, 1, 8, 1, 0, 1, 0, 1)},
		{name: "half a place", place: here("N", "E", 33, 1, 30, 1, 0, 1, 70, 1, 15, 1, 0, 1)[:2]},
	} {
		if got := exifOf(t, tiffOf(c.first, c.camera, c.place), variant.TIFF); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// counting counts bytes and calls, and can fail.
type counting struct {
	r     io.ReaderAt
	bytes int
	fail  error
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	if c.fail != nil {
		return 0, c.fail
	}
	n, err := c.r.ReadAt(b, off)
	c.bytes += n
	return n, err
}

// TestReadExifIsBounded: files that lead a reader round, or through all of
// them, end.
func TestReadExifIsBounded(t *testing.T) {
	t.Parallel()
	// A box that ends sixteen bytes before it begins.
	back := append([]byte("\x00\x00\x00\x10ftypavif\x00\x00\x00\x00"), "\x00\x00\x00\x01free\xff\xff\xff\xff\xff\xff\xff\xf0"...)
	items := slices.Concat([]byte("\x00\x00\x00\x10ftypavif\x00\x00\x00\x00\x7f\xff\xff\xffmeta\x00\x00\x00\x00\x7f\xff\xff\x00iinf\x01\x00\x00\x00\xff\xff\xff\xff"),
		bytes.Repeat([]byte("\x00\x00\x00\x08infe"), 4<<20))
	entries := slices.Concat([]byte("MM\x00*\x00\x00\x00\x08\xff\xff"), bytes.Repeat(directory(0, field{0x0001, 3, 1, []byte{0, 1}})[2:14], 65535))
	for name, c := range map[string]struct {
		src []byte
		f   variant.Format
	}{
		"back": {back, variant.AVIF}, "items": {items, variant.HEIC}, "entries": {entries, variant.TIFF},
		"zeros": {append([]byte("\xff\xd8"), make([]byte, 64<<20)...), variant.JPEG},
	} {
		r := &counting{r: bytes.NewReader(c.src)}
		e, err := ReadExif(r, int64(len(c.src)), header.Header{Format: c.f})
		if err != nil || e != (Exif{}) || r.bytes > maxExifRead+4096 {
			t.Errorf("%s: %+v, %v, %d bytes read", name, e, err, r.bytes)
		}
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	r := &counting{fail: gone}
	if _, err := ReadExif(r, 1000, header.Header{Format: variant.JPEG}); !errors.Is(err, gone) {
		t.Errorf("ReadExif: %v", err)
	}
}

// formats are those that a fuzzed picture may claim to be of.
var formats = [...]variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF, variant.HEIC, variant.TIFF}

func FuzzReadExif(f *testing.F) {
	files, _ := filepath.Glob("../testdata/odd/exif.*")
	for i, name := range files {
		if src, err := os.ReadFile(name); err == nil {
			f.Add(src, uint8(i))
		}
	}
	f.Add(tiffOf([]field{text(0x10f, "a")}, []field{text(0x9003, "2020:02:29 23:59:59")}, []field{ratios(2, 1, 0, 1, 0, 1, 0)}), uint8(5))
	f.Fuzz(func(t *testing.T, src []byte, format uint8) {
		e := exifOf(t, src, formats[int(format)%len(formats)])
		if e.Latitude < -90 || e.Latitude > 90 || e.Longitude < -180 || e.Longitude > 180 || !e.HasGPS && (e.Latitude != 0 || e.Longitude != 0) {
			t.Errorf("%+v", e)
		}
		if clean(e.Make) != e.Make || clean(e.Model) != e.Model || clean(e.Taken) != e.Taken {
			t.Errorf("%+v", e)
		}
	})
}
