package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
)

// setNames are the sets that can be measured.
var setNames = []string{"photos", "oriented", "baseline", "png"}

// set makes a set of pictures, once, and returns its directory and files.
func (b *bench) set(name string) (dir string, files []string, err error) {
	dir = filepath.Join(b.dir, name)
	if _, err := os.Stat(dir); err != nil {
		making := dir + ".new"
		if err := os.RemoveAll(making); err != nil {
			return "", nil, err
		}
		if err := os.MkdirAll(making, 0o755); err != nil {
			return "", nil, err
		}
		if err := b.makeSet(name, making); err != nil {
			return "", nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := os.Rename(making, dir); err != nil {
			return "", nil, err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, err
	}
	for _, e := range entries {
		files = append(files, e.Name())
	}
	if b.quick && len(files) > 5 {
		files = files[:5]
	}
	return dir, files, nil
}

func (b *bench) makeSet(name, dir string) error {
	switch name {
	case "png":
		return unpackPNGs(dir)
	case "progressive24":
		return progressive24(dir)
	}
	photos, err := program.Photographs()
	if err != nil {
		return err
	}
	for _, path := range photos {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch name {
		case "photos":
		case "as-baseline": // those that are baseline already
			if isProgressive(data) {
				continue
			}
		case "progressive", "made-baseline": // those that are, as they are or made baseline
			if !isProgressive(data) {
				continue
			}
			if name == "made-baseline" {
				data, err = jpegtran(data)
			}
		case "oriented":
			data = oriented(data)
		case "baseline":
			data, err = jpegtran(data)
		default:
			return fmt.Errorf("there is no such set; there are %s", strings.Join(setNames, ", "))
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// exif6 is an APP1 segment that says nothing but that the picture is to be
// turned right by 90°: a big-endian TIFF header, and one entry, tag 0x112, a
// SHORT.
var exif6 = []byte("\xFF\xE1\x00\x22Exif\x00\x00MM\x00\x2A\x00\x00\x00\x08\x00\x01" +
	"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")

// oriented is a JPEG with orientation 6 and its pixels as they are. An EXIF
// segment that it has already is left out; the headers before the frame are all
// that has to be looked at.
func oriented(jpeg []byte) []byte {
	out := slices.Concat(jpeg[:2], exif6)
	rest := jpeg[2:]
	for len(rest) > 4 && rest[0] == 0xFF && (rest[1] >= 0xE0 && rest[1] <= 0xEF || rest[1] == 0xFE) {
		size := 2 + int(rest[2])<<8 + int(rest[3])
		if size > len(rest) {
			break
		}
		if !(rest[1] == 0xE1 && bytes.HasPrefix(rest[4:], []byte("Exif"))) {
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	return append(out, rest...)
}

// isProgressive reports whether the frame of a JPEG is progressive.
func isProgressive(jpeg []byte) bool {
	rest := jpeg[2:]
	for len(rest) > 4 && rest[1] != 0xC2 {
		if rest[1] == 0xC0 || rest[1] == 0xC1 {
			return false
		}
		rest = rest[min(len(rest), 2+int(rest[2])<<8+int(rest[3])):]
	}
	return true
}

// jpegtran turns a JPEG to baseline without any loss.
func jpegtran(jpeg []byte) ([]byte, error) {
	cmd := exec.Command("jpegtran", "-copy", "all")
	cmd.Stdin = bytes.NewReader(jpeg)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("jpegtran: %w", err)
	}
	return out, nil
}

// unpackPNGs fetches the large PNGs of Debian's wallpapers.
func unpackPNGs(dir string) error {
	temp, err := os.MkdirTemp("", "thumbery-png-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o777); err != nil { // apt's own user must be able to write there
		return err
	}
	if err := command(temp, "apt-get", "download", "-q", "plasma-workspace-wallpapers"); err != nil {
		return err
	}
	if err := command(temp, "sh", "-c", "dpkg-deb -x plasma-workspace-wallpapers_*.deb x"); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(temp, "x/usr/share/wallpapers/*/contents/images*/*.png"))
	if err != nil {
		return err
	}
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		// Many are links to another size.
		if !info.Mode().IsRegular() {
			continue
		}
		parts := strings.Split(path, "/")
		name := strings.Join([]string{parts[len(parts)-4], parts[len(parts)-2], parts[len(parts)-1]}, "-")
		if err := command("", "cp", path, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// progressive24 makes 16 progressive JPEGs of 6000x4000 of the photographs.
func progressive24(dir string) error {
	photos, err := program.Photographs()
	if err != nil {
		return err
	}
	for _, path := range photos[:min(16, len(photos))] {
		out := filepath.Join(dir, filepath.Base(path)) + "[Q=90,interlace,strip]"
		if err := command("", "vips", "thumbnail", path, out, "6000", "--height", "4000", "--crop", "centre"); err != nil {
			return err
		}
	}
	return nil
}

func command(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
