package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/resize/header"
)

// large is from how many pixels on a photograph is one of the large ones.
const large = 8_000_000

// photo is one original.
type photo struct {
	file          string
	width, height int
	progressive   bool
}

func (p photo) pixels() int { return p.width * p.height }

// photographs are so many different ones: crops of the real ones in their full
// size, encoded anew, progressive where the real one is. They are made once.
func (b *bench) photographs() ([]photo, error) {
	dir := filepath.Join(b.dir, fmt.Sprint("crops", b.pictures))
	if err := makeOnce(dir, func(making string) error { return crops(making, b.pictures) }); err != nil {
		return nil, err
	}
	return read(dir)
}

// baselines are photographs turned losslessly to baseline JPEGs, once.
func (b *bench) baselines(photos []photo) ([]photo, error) {
	dir := filepath.Join(b.dir, fmt.Sprint("baseline", b.pictures))
	err := makeOnce(dir, func(making string) error {
		for _, p := range photos {
			if err := baseline(p.file, filepath.Join(making, filepath.Base(p.file))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return read(dir)
}

func baseline(from, to string) error {
	return command("jpegtran", "-copy", "all", "-outfile", to, from)
}

// makeOnce has a directory made under another name, so that one that is there is
// whole.
func makeOnce(dir string, fill func(making string) error) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	making := dir + ".new"
	if err := errors.Join(os.RemoveAll(making), os.MkdirAll(making, 0o755)); err != nil {
		return err
	}
	if err := fill(making); err != nil {
		return err
	}
	return os.Rename(making, dir)
}

func crops(dir string, n int) error {
	files, err := program.Photographs()
	if err != nil {
		return err
	}
	for i := range n {
		p, err := inspect(files[i%len(files)])
		if err != nil {
			return err
		}
		left, top, w, h := crop(p.width, p.height, i/len(files), (n-1)/len(files)+1)
		options := "[Q=88,optimize-coding]"
		if p.progressive {
			options = "[Q=88,optimize-coding,interlace]"
		}
		out := filepath.Join(dir, fmt.Sprintf("%03d.jpg", i))
		if err := command("vips", "crop", p.file, out+options, fmt.Sprint(left), fmt.Sprint(top), fmt.Sprint(w), fmt.Sprint(h)); err != nil {
			return err
		}
	}
	return nil
}

// crop is the k-th of n rectangles of w by h pixels: the first is all, and the last
// has as many pixels as a large photograph has to have, or where that is less, 0.8
// of the sides. They lie in other corners in turn.
func crop(w, h, k, n int) (left, top, cw, ch int) {
	least := 0.8
	if w*h >= large {
		least = math.Sqrt(float64(large) / float64(w*h))
	}
	f := 1 - (1-least)*float64(k)/float64(max(n-1, 1))
	// Rounded up, so that a large one stays large.
	cw, ch = min(w, int(math.Ceil(f*float64(w)))), min(h, int(math.Ceil(f*float64(h))))
	return (w - cw) * (k & 1), (h - ch) * (k >> 1 & 1), cw, ch
}

// read inspects all photographs of a directory.
func read(dir string) (photos []photo, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("there are no photographs in %s: %w", dir, err)
	}
	for _, file := range files {
		p, err := inspect(file)
		if err != nil {
			return nil, err
		}
		photos = append(photos, p)
	}
	return photos, nil
}

func inspect(file string) (photo, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return photo{}, err
	}
	h, err := header.Inspect(context.Background(), bytes.NewReader(data), int64(len(data)), header.AllFormats)
	if err != nil {
		return photo{}, fmt.Errorf("%s: %w", file, err)
	}
	return photo{file, h.Width, h.Height, h.Progressive}, nil
}

func largeOnes(photos []photo) []photo {
	return slices.DeleteFunc(slices.Clone(photos), func(p photo) bool { return p.pixels() < large })
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
