package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"image"
	"os"
	"path/filepath"
	"strconv"
)

// telling are files with something to say besides their pixels.
func telling() []file {
	const tells = "EXIF: taken 2024-07-14 09:30:15 +02:00 with a Thumbery Obscura 1, at 47.376806 north, 8.540000 west, 12.5 m"
	const answer = "an ordinary picture, with nothing of that in it"
	half := func() (image.Image, error) { return scene(0.5) }
	return []file{
		{"odd/exif.jpg", "jpeg", 240, 160, tells, answer, stored(exifJPEG)},
		{"odd/exif.png", "png", 240, 160, tells, answer, stored(exifPNG)},
		{"odd/exif.webp", "webp", 240, 160, tells, answer, exifWebP},
		{"odd/exif.avif", "avif", 240, 160, tells, answer, func(t *toolbox) ([]byte, error) {
			if err := os.WriteFile(filepath.Join(t.dir, "exif.bin"), cameraEXIF(), 0o600); err != nil {
				return nil, err
			}
			return t.avif(half, "--exif", "exif.bin")
		}},
		{"odd/exif.heic", "heic", 240, 160, tells, answer, func(t *toolbox) ([]byte, error) {
			data, err := exifJPEG()
			if err != nil {
				return nil, err
			}
			return t.heic(data)
		}},
		{"odd/ultra-hdr.jpg", "jpeg", 480, 320, "Ultra HDR: a JPEG with an index (MPF), and behind it a gain map as a second JPEG", "the picture of orientation-1.jpg; the gain map gone", stored(ultraHDR)},
	}
}

func exifJPEG() ([]byte, error) {
	m, err := scene(0.5)
	if err != nil {
		return nil, err
	}
	data, err := encodeJPEG(m, 80)
	return withSegment(data, markerApp1, append([]byte("Exif\x00\x00"), cameraEXIF()...)), err
}

func exifPNG() ([]byte, error) {
	m, err := scene(0.5)
	if err != nil {
		return nil, err
	}
	data, err := encodePNG(m)
	const head = 8 + 12 + 13
	return append(chunk(append([]byte{}, data[:head]...), "eXIf", cameraEXIF()), data[head:]...), err
}

func exifWebP(t *toolbox) ([]byte, error) {
	m, err := scene(0.5)
	if err != nil {
		return nil, err
	}
	if _, err := t.convertPicture(m, "plain.webp", "cwebp", "-quiet", "-q", "80", "in.png", "-o", "plain.webp"); err != nil {
		return nil, err
	}
	return t.convert(cameraEXIF(), "exif.bin", "out.webp", "webpmux", "-set", "exif", "exif.bin", "plain.webp", "-o", "out.webp")
}

// avif encodes a picture with these options besides.
func (t *toolbox) avif(draw func() (image.Image, error), args ...string) ([]byte, error) {
	m, err := draw()
	if err != nil {
		return nil, err
	}
	args = append([]string{"--speed", "6", "--jobs", "1", "--min", "20", "--max", "30"}, append(args, "in.png", "out.avif")...)
	return t.convertPicture(m, "out.avif", "avifenc", args...)
}

// heic encodes a JPEG, with its EXIF.
func (t *toolbox) heic(data []byte) ([]byte, error) {
	return t.convert(data, "in.jpg", "out.heic", "heif-enc", "-q", "60", "-o", "out.heic", "in.jpg")
}

// exifTag is an entry of a directory; next is the directory that it points to.
type exifTag struct {
	tag, kind uint16
	value     []byte
	next      []exifTag
}

const (
	exifASCII    = 2
	exifLong     = 4
	exifRational = 5
)

// cameraEXIF is the EXIF of a camera with a clock and a GPS receiver.
func cameraEXIF() []byte {
	text := func(tag uint16, s string) exifTag {
		return exifTag{tag: tag, kind: exifASCII, value: []byte(s + "\x00")}
	}
	camera := []exifTag{text(0x9003, "2024:07:14 09:30:15"), text(0x9011, "+02:00")}
	place := []exifTag{
		text(1, "N"),
		{tag: 2, kind: exifRational, value: ratios(47, 1, 22, 1, 365, 10)},
		text(3, "W"),
		{tag: 4, kind: exifRational, value: ratios(8, 1, 32, 1, 24, 1)},
		{tag: 6, kind: exifRational, value: ratios(25, 2)},
	}
	return appendIFD([]byte("MM\x00*\x00\x00\x00\x08"), []exifTag{
		text(0x010f, "Thumbery"), text(0x0110, "Obscura 1"), text(0x0132, "2024:07:20 20:00:00"),
		{tag: 0x8769, kind: exifLong, next: camera},
		{tag: 0x8825, kind: exifLong, next: place},
	})
}

func ratios(values ...uint32) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// appendIFD writes a directory, behind it what is longer than four bytes, and
// the directories that it points to.
func appendIFD(out []byte, tags []exifTag) []byte {
	at := len(out)
	end := at + 2 + 12*len(tags) + 4
	head := binary.BigEndian.AppendUint16(nil, uint16(len(tags)))
	var tail []byte
	for _, t := range tags {
		value := t.value
		count := map[uint16]int{exifASCII: len(value), exifRational: len(value) / 8, exifLong: 1}[t.kind]
		if t.next != nil {
			value = binary.BigEndian.AppendUint32(nil, uint32(end+len(tail)))
			tail = appendIFD(append(make([]byte, end), tail...), t.next)[end:]
		}
		if len(value) > 4 {
			value, tail = binary.BigEndian.AppendUint32(nil, uint32(end+len(tail))), append(tail, value...)
			if len(tail)%2 != 0 {
				tail = append(tail, 0)
			}
		}
		head = binary.BigEndian.AppendUint16(head, t.tag)
		head = binary.BigEndian.AppendUint16(head, t.kind)
		head = binary.BigEndian.AppendUint32(head, uint32(count))
		head = append(head, append(value, make([]byte, 4-len(value))...)...)
	}
	return append(append(append(out, head...), 0, 0, 0, 0), tail...)
}

// ultraHDR is the scene with a gain map of half its size (CIPA DC-007 for the
// index, Android's Ultra HDR image format 1.0 for the rest).
func ultraHDR() ([]byte, error) {
	m, err := grey()
	if err != nil {
		return nil, err
	}
	gain, err := encodeJPEG(m, 60)
	if err != nil {
		return nil, err
	}
	const namespace = "http://ns.adobe.com/xap/1.0/\x00"
	xmp := func(attributes string) []byte {
		return []byte(namespace + `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" ` + attributes + `</rdf:RDF></x:xmpmeta>`)
	}
	gain = withSegment(gain, markerApp1, xmp(`hdrgm:GainMapMin="0" hdrgm:GainMapMax="2" hdrgm:Gamma="1" hdrgm:OffsetSDR="0.015625" hdrgm:OffsetHDR="0.015625" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="2" hdrgm:BaseRenditionIsHDR="False"/>`))
	base, err := sceneJPEG()
	if err != nil {
		return nil, err
	}
	container := `xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/"><Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg" Item:Length="` + strconv.Itoa(len(gain)) + `"/></rdf:li></rdf:Seq></Container:Directory></rdf:Description>`
	base = withSegment(base, markerApp1, xmp(container))
	const index = 2 + 2 + 4 + 8 + 2 + 3*12 + 4 + 2*16 // the segment that is put before all that
	base = withSegment(base, markerApp2, mpf(len(base)+index, len(gain)))
	return append(base, gain...), nil
}

// mpf is an index of two pictures, one behind the other. Places are counted
// from the byte order mark, which is the ninth byte of the segment, and the
// segment begins at the third of the file.
func mpf(first, second int) []byte {
	out := []byte("MPF\x00II*\x00\x08\x00\x00\x00\x03\x00")
	out = append(out, "\x00\xb0\x07\x00\x04\x00\x00\x000100"...)
	out = tiffEntry(out, [4]int{0xb001, 4, 1, 2})
	out = tiffEntry(out, [4]int{0xb002, 7, 32, 50})
	out = append(out, 0, 0, 0, 0)
	for _, v := range []int{0x030000, first, 0, 0, 0, second, first - 10, 0} {
		out = binary.LittleEndian.AppendUint32(out, uint32(v))
	}
	return out
}

// gzipped is an SVG as some servers keep them.
func gzipped() ([]byte, error) {
	data, err := drawing()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
