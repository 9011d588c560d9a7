package info

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
)

func TestReadExif(t *testing.T) {
	t.Parallel()
	want := exif{taken: "2024-07-14T09:30:15+02:00", camera: Camera{"Thumbery", "Obscura 1"}, location: &Location{47.376806, -8.54}}
	for name, want := range map[string]exif{
		"exif.jpg": want, "exif.png": want, "exif.webp": want, "exif.avif": want, "exif.heic": want,
		"orientation-6.jpg": {}, "gray.jpg": {}, "alpha.png": {}, "animated.gif": {},
	} {
		src := read(t, "odd/"+name)
		h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
		if got := readExif(bytes.NewReader(src), h.EXIF); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
}

// readTIFF is readExif of a file that is EXIF data and nothing else.
func readTIFF(src []byte) exif {
	return readExif(bytes.NewReader(src), header.Extent{Len: int64(len(src))})
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
		want          exif
	}{
		{name: "nothing"},
		{name: "no zone", camera: []field{text(0x9003, "2020:02:29 23:59:59")}, want: exif{taken: "2020-02-29T23:59:59"}},
		{name: "UTC", camera: []field{text(0x9003, "2020:02:29 23:59:59"), text(0x9011, "+00:00")}, want: exif{taken: "2020-02-29T23:59:59Z"}},
		{name: "a zone that is none", camera: []field{text(0x9003, "2020:02:29 23:59:59"), text(0x9011, "   :  ")}, want: exif{taken: "2020-02-29T23:59:59"}},
		{name: "scanned", camera: []field{text(0x9003, "    :  :     :  :  "), text(0x9004, "1999:12:31 00:00:00"), text(0x9012, "-03:30")}, want: exif{taken: "1999-12-31T00:00:00-03:30"}},
		{name: "no such day", camera: []field{text(0x9003, "2020:02:30 23:59:59")}},
		{name: "a clock that was never set", camera: []field{text(0x9003, "0000:00:00 00:00:00")}},
		{name: "a date in the wrong directory", first: []field{text(0x9003, "2020:02:29 23:59:59")}},
		{name: "texts", first: []field{text(0x10f, " Canon\x01 \x00\x00"), text(0x110, "EOS\x02")}, want: exif{camera: Camera{"Canon", "EOS"}}},
		{name: "two of one", first: []field{text(0x10f, "First"), text(0x10f, "Second")}, want: exif{camera: Camera{Make: "First"}}},
		{name: "a number for a text", first: []field{{0x10f, 3, 1, []byte{1, 2}}, text(0x110, "M")}, want: exif{camera: Camera{Model: "M"}}},
		{name: "a long text", first: []field{text(0x10f, string(bytes.Repeat([]byte("x"), 200)))}},
		{name: "south and west", place: here("S", "W", 33, 1, 30, 1, 0, 1, 70, 1, 15, 1, 0, 1), want: exif{location: &Location{-33.5, -70.25}}},
		{name: "no side", place: here("", "W", 33, 1, 30, 1, 0, 1, 70, 1, 15, 1, 0, 1)},
		{name: "no fix", place: here("N", "E", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
		{name: "noughts", place: here("N", "E", 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1)},
		{name: "beyond the pole", place: here("N", "E", 91, 1, 0, 1, 0, 1, 8, 1, 0, 1, 0, 1)},
		{name: "degrees by zero", place: here("N", "E", 5, 0, 1, 1, 1, 1, 8, 1, 1, 1, 1, 1)},
		{name: "seconds by zero", place: here("N", "E", 5, 1, 1, 1, 1, 1, 8, 1, 1, 1, 0, 0)},
		{name: "degrees alone", place: []field{text(1, "N"), ratios(2, 47, 1), text(3, "E"), ratios(4, 8, 1, 1, 1, 1, 1)}},
		{name: "half a place", place: here("N", "E", 33, 1, 30, 1, 0, 1, 70, 1, 15, 1, 0, 1)[:2]},
	} {
		if got := readTIFF(tiffOf(c.first, c.camera, c.place)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Directories with very many entries, and those that are in each other, end.
func TestReadExifIsBounded(t *testing.T) {
	t.Parallel()
	entries := slices.Concat([]byte("MM\x00*\x00\x00\x00\x08\xff\xff"), bytes.Repeat(directory(0, field{0x0001, 3, 1, []byte{0, 1}})[2:14], 65535))
	loop := append([]byte("MM\x00*\x00\x00\x00\x08"), directory(8, field{tagCamera, 4, 1, []byte{0, 0, 0, 8}}, field{tagGPS, 4, 1, []byte{0, 0, 0, 8}})...)
	beyond := append([]byte("MM\x00*\x00\x00\x00\x08"), directory(8, field{tagCamera, 4, 1, []byte{255, 255, 255, 255}}, field{tagMake, 2, 100, []byte{255, 255, 255, 255}})...)
	for name, src := range map[string][]byte{"entries": entries, "a loop": loop, "beyond the end": beyond, "nothing": nil, "cut short": loop[:5]} {
		if e := readTIFF(src); e != (exif{}) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func FuzzReadExif(f *testing.F) {
	files, _ := filepath.Glob("../testdata/odd/exif.*")
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if h, err := header.Inspect(f.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats); err == nil {
			f.Add(src[h.EXIF.Off:][:h.EXIF.Len])
		}
	}
	f.Add(tiffOf([]field{text(0x10f, "a")}, []field{text(0x9003, "2020:02:29 23:59:59")}, []field{ratios(2, 1, 0, 1, 0, 1, 0)}))
	f.Fuzz(func(t *testing.T, src []byte) {
		e := readTIFF(src)
		if l := e.location; l != nil && (math.Abs(l.Latitude) > 90 || math.Abs(l.Longitude) > 180) {
			t.Errorf("%+v", l)
		}
		if clean(e.camera.Make) != e.camera.Make || clean(e.camera.Model) != e.camera.Model || clean(e.taken) != e.taken {
			t.Errorf("%+v", e)
		}
	})
}
