package main

import (
	_ "embed"
	"fmt"
	"image"
	_ "image/jpeg" // for DecodeConfig
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed c/pixels.c
var helperSource []byte

// picture is one photograph.
type picture struct {
	name, path    string
	width, height int
}

// at is the height that belongs to a width, rounded half up.
func (p picture) at(width int) int { return (2*p.height*width + p.width) / (2 * p.width) }

func (b *bench) prepare() (err error) {
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	for _, sub := range []string{"reference", "made"} {
		if err := os.MkdirAll(filepath.Join(b.dir, sub), 0o755); err != nil {
			return err
		}
	}
	if err := b.compile(); err != nil {
		return err
	}
	files, err := filepath.Glob(".photos/*.jpg")
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no photographs in .photos; tools/photos.sh fetches them")
	}
	if b.photos > 0 && len(files) > b.photos {
		files = files[:b.photos]
	}
	for _, file := range files {
		p, err := open(file)
		if err != nil {
			return err
		}
		b.pictures = append(b.pictures, p)
	}
	return nil
}

func open(path string) (picture, error) {
	f, err := os.Open(path)
	if err != nil {
		return picture{}, err
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return picture{}, fmt.Errorf("%s: %w", path, err)
	}
	name := strings.TrimSuffix(filepath.Base(path), ".jpg")
	return picture{name: name, path: path, width: c.Width, height: c.Height}, nil
}

func (b *bench) compile() error {
	source := filepath.Join(b.dir, "pixels.c")
	if err := os.WriteFile(source, helperSource, 0o644); err != nil {
		return err
	}
	flags, err := command("pkg-config", "--cflags", "--libs", "vips")
	if err != nil {
		return err
	}
	b.helper = filepath.Join(b.dir, "pixels")
	// Another run may be using the one that is there.
	making := fmt.Sprintf("%s.%d", b.helper, os.Getpid())
	if _, err = command("cc", append([]string{"-O2", "-o", making, source}, strings.Fields(flags)...)...); err != nil {
		return err
	}
	return os.Rename(making, b.helper)
}

// reference makes what p should look like at a width, once. ImageMagick works on
// 16 bit here, and resizes without any shrinking on load.
func (b *bench) reference(p picture, width int) (path string, err error) {
	path = filepath.Join(b.dir, "reference", fmt.Sprintf("%s-%d.png", p.name, width))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	size := fmt.Sprintf("%dx%d!", width, p.at(width))
	if _, err := command("convert", p.path, "-colorspace", "RGB", "-filter", "Lanczos", "-resize", size,
		"-colorspace", "sRGB", "-strip", "-depth", "8", "png:"+path+".new"); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path)
}

// cost is the time that one step took, and the size of its result.
type cost struct{ millis, bytes float64 }

// pixels runs the helper.
func (b *bench) pixels(args ...string) (c cost, err error) {
	out, err := command(b.helper, args...)
	if err != nil {
		return c, err
	}
	_, err = fmt.Sscan(out, &c.millis, &c.bytes)
	return c, err
}

// scale resizes p as the helper does, and returns the PNG.
func (b *bench) scale(p picture, width int, leave float64, linear bool, k float64) (path string, c cost, err error) {
	light := "0"
	if linear {
		light = "1"
	}
	path = filepath.Join(b.dir, "made", fmt.Sprintf("%s-%d-%g-%s-%g.png", p.name, width, leave, light, k))
	c, err = b.pixels("scale", p.path, strconv.Itoa(width), strconv.Itoa(p.at(width)), number(leave), light, number(k), path, "1")
	return path, c, err
}

// encode encodes a PNG as libvips' suffix says, such as ".jpg[Q=80]".
func (b *bench) encode(src, suffix string, times int) (path string, c cost, err error) {
	path = filepath.Join(b.dir, "made", strings.NewReplacer("[", "-", "]", "", "=", "", ",", "-").Replace(filepath.Base(src)+suffix))
	c, err = b.pixels("encode", src, suffix, path, strconv.Itoa(times))
	return path, c, err
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
