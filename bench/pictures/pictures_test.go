package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/webp"
)

const testdata = "../../testdata"

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(os.DirFS(testdata), name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// magic are the first bytes of each format; a dot stands for any byte.
func magic() map[string]string {
	return map[string]string{
		"jpeg": "\xff\xd8\xff",
		"png":  "\x89PNG\r\n\x1a\n",
		"gif":  "GIF89a",
		"webp": "RIFF....WEBP",
		"avif": "....ftypavif",
		"heic": "....ftypheic",
		"jxl":  "\xff\x0a",
		"jp2":  "\x00\x00\x00\x0cjP  \r\n\x87\n",
		"tiff": "II*\x00",
		"svg":  "<?xml",
		"pdf":  "%PDF-1.4\n",
		"":     "",
	}
}

func hasMagic(data []byte, want string) bool {
	if len(data) < len(want) {
		return false
	}
	for i := range len(want) {
		if want[i] != '.' && data[i] != want[i] {
			return false
		}
	}
	return true
}

func TestEveryFileIsOfItsKind(t *testing.T) {
	for _, f := range catalogue() {
		t.Run(f.name, func(t *testing.T) {
			data := read(t, f.name)
			want := magic()[f.format]
			if f.name == "odd/orientation-6.jxl" { // in a container, for its EXIF
				want = "\x00\x00\x00\x0cJXL \r\n\x87\n"
			}
			if !hasMagic(data, want) {
				t.Errorf("starts with %q, which is not %q", data[:min(12, len(data))], f.format)
			}
			if f.format == "" && sniffed(data) && !bytes.Contains(data, []byte("<image>")) {
				t.Error("is a picture, and should not be")
			}
		})
	}
}

// sniffed says whether data start as any format does.
func sniffed(data []byte) bool {
	for _, m := range magic() {
		if m != "" && hasMagic(data, m) {
			return true
		}
	}
	return false
}

// configOf reads the size from the header, for the formats that Go reads.
func configOf(format string, data []byte) (image.Config, bool, error) {
	r := bytes.NewReader(data)
	var c image.Config
	var err error
	switch format {
	case "jpeg":
		c, err = jpeg.DecodeConfig(r)
	case "png":
		c, err = png.DecodeConfig(r)
	case "gif":
		c, err = gif.DecodeConfig(r)
	case "webp":
		if bytes.Contains(data[:min(64, len(data))], []byte("ANIM")) {
			return extendedSize(data), true, nil
		}
		c, err = webp.DecodeConfig(r)
	case "avif", "heic":
		return spatialExtents(data), true, nil
	default:
		return c, false, nil
	}
	return c, true, err
}

// extendedSize is the canvas in a WebP's VP8X chunk: 24 bits each, minus one.
func extendedSize(data []byte) image.Config {
	at := func(i int) int { return int(data[i]) | int(data[i+1])<<8 | int(data[i+2])<<16 }
	return image.Config{Width: at(24) + 1, Height: at(27) + 1}
}

// spatialExtents is the size in an AVIF's ispe box: version and flags, width,
// height.
func spatialExtents(data []byte) image.Config {
	i := bytes.Index(data, []byte("ispe"))
	if i < 0 || len(data) < i+16 {
		return image.Config{}
	}
	return image.Config{
		Width:  int(binary.BigEndian.Uint32(data[i+8:])),
		Height: int(binary.BigEndian.Uint32(data[i+12:])),
	}
}

func TestSizesAreAsListed(t *testing.T) {
	for _, f := range catalogue() {
		t.Run(f.name, func(t *testing.T) {
			c, known, err := configOf(f.format, read(t, f.name))
			if !known {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Width != f.w || c.Height != f.h {
				t.Errorf("is %dx%d, listed as %dx%d", c.Width, c.Height, f.w, f.h)
			}
		})
	}
}

func TestNothingElseLiesThere(t *testing.T) {
	listed := map[string]bool{}
	for _, f := range catalogue() {
		listed[f.name] = true
	}
	total := 0
	for _, dir := range []string{"photos", "odd"} {
		entries, err := fs.ReadDir(os.DirFS(testdata), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := dir + "/" + e.Name()
			total += len(read(t, name))
			if !listed[name] {
				t.Errorf("%s is made by nothing", name)
			}
		}
	}
	if total > 5<<20 {
		t.Errorf("all pictures together are %d bytes, more than 5 MiB", total)
	}
}

func TestReadmeIsCurrent(t *testing.T) {
	if got := string(read(t, "README.md")); got != readme(catalogue()) {
		t.Error("testdata/README.md is not what the catalogue says: make pictures")
	}
}

// TestWholeFilesDecode is the opposite of TestTruncatedFilesDoNotDecode.
func TestWholeFilesDecode(t *testing.T) {
	for _, f := range catalogue() {
		if notForGo(f.name) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			if err := decode(f.format, read(t, f.name)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTruncatedFilesDoNotDecode(t *testing.T) {
	for _, format := range []string{"jpeg", "png", "gif", "webp"} {
		name := "odd/truncated." + strings.Replace(format, "jpeg", "jpg", 1)
		if err := decode(format, read(t, name)); err == nil {
			t.Errorf("%s decodes", name)
		}
	}
}

// notForGo are names of files that are not to be decoded, or that Go cannot
// decode: it takes no CMYK without Adobe's marker.
func notForGo(name string) bool {
	for _, part := range []string{"truncated", "bomb", "huge", "cmyk-plain"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// decode decodes all of a picture, where Go can.
func decode(format string, data []byte) error {
	r := bytes.NewReader(data)
	var err error
	switch format {
	case "jpeg":
		_, err = jpeg.Decode(r)
	case "png":
		_, err = png.Decode(r)
	case "gif":
		_, err = gif.DecodeAll(r)
	case "webp":
		if bytes.Contains(data[:min(64, len(data))], []byte("ANIM")) {
			return nil
		}
		_, err = webp.Decode(r)
	}
	return err
}
