package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// toolbox runs command line encoders in a temporary directory of its own.
type toolbox struct{ dir string }

// packages says which Debian package a command is from.
func packages() map[string]string {
	return map[string]string{
		"avifenc":      "libavif-bin",
		"cjxl":         "libjxl-tools",
		"cwebp":        "webp",
		"heif-enc":     "libheif-examples",
		"img2webp":     "webp",
		"jpegtran":     "libjpeg-turbo-progs",
		"opj_compress": "libopenjp2-tools",
		"vips":         "libvips-tools",
		"webpmux":      "webp",
	}
}

// newToolbox checks that every command is there. The caller closes it.
func newToolbox() (*toolbox, error) {
	var missing []error
	from := packages()
	for _, command := range slices.Sorted(maps.Keys(from)) {
		if _, err := exec.LookPath(command); err != nil {
			missing = append(missing, fmt.Errorf("%s is missing: apt install %s", command, from[command]))
		}
	}
	if len(missing) > 0 {
		return nil, errors.Join(missing...)
	}
	dir, err := os.MkdirTemp("", "pictures-")
	if err != nil {
		return nil, err
	}
	return &toolbox{dir: dir}, nil
}

func (t *toolbox) close() { _ = os.RemoveAll(t.dir) }

// run runs a command in the directory.
func (t *toolbox) run(command string, args ...string) error {
	cmd := exec.Command(command, args...)
	cmd.Dir = t.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	return nil
}

func (t *toolbox) write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(t.dir, name), data, 0o600)
}

// convert writes data to the file in, runs a command, and returns what is then
// in the file out.
func (t *toolbox) convert(data []byte, in, out, command string, args ...string) ([]byte, error) {
	if err := t.write(in, data); err != nil {
		return nil, err
	}
	if err := t.run(command, args...); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(t.dir, out))
}

// convertPicture is convert of m as a PNG named in.png.
func (t *toolbox) convertPicture(m image.Image, out, command string, args ...string) ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return nil, err
	}
	return t.convert(b.Bytes(), "in.png", out, command, args...)
}
