package main

import (
	_ "embed"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// maker is one way to get a JPEG of a photograph, as wide as asked, of a
// quality.
type maker struct {
	name string
	make func(p picture, width, quality int) (path string, err error)
}

// qualities are those between which is interpolated. From 90 on libvips stops
// halving the colour planes, and curves jump.
var qualities = []int{65, 73, 80, 86}

// theDefault is the quality that is compared as it is.
const theDefault = 80

// engines compares servers and tools, at the default quality and where they make
// as many bytes as the first.
func (b *bench) engines() error {
	all, stop, err := b.makers()
	defer stop()
	if err != nil {
		return err
	}
	for _, width := range b.widths {
		if err := b.compareMakers(width, all); err != nil {
			return err
		}
	}
	return nil
}

// encoded compares ways to scale where the bytes of JPEGs made of them are equal.
func (b *bench) encoded() error {
	all := []maker{
		b.scaler(way{"vips_thumbnail's way", 2, false, 0}),
		b.scaler(way{"libjpeg leaves 1", 1, false, 0}),
		b.scaler(way{"libjpeg leaves 4", 4, false, 0}),
		b.scaler(way{"linear", 2, true, 0}),
		b.scaler(way{"sharpened, k 64", 2, false, 64}),
		b.scaler(way{"sharpened, k 40", 2, false, 40}),
		b.scaler(way{"sharpened, k 32", 2, false, 32}),
	}
	for _, width := range b.widths {
		if err := b.compareMakers(width, all); err != nil {
			return err
		}
	}
	return nil
}

// scaler scales in one way and encodes.
func (b *bench) scaler(w way) maker {
	return maker{w.name, func(p picture, width, quality int) (string, error) {
		png, _, err := b.scale(p, width, w.leave, w.linear, w.k)
		if err != nil {
			return "", err
		}
		path, _, err := b.encode(png, fmt.Sprintf(".jpg[Q=%d,strip,optimize-coding]", quality), 1)
		return path, err
	}}
}

func (b *bench) makers() (all []maker, stop func(), err error) {
	all = []maker{{"vipsthumbnail", b.vipsthumbnail}}
	stop = func() {}
	if err := b.build(); err != nil {
		return nil, stop, err
	}
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	for _, own := range []struct {
		name string
		args []string
	}{
		{"thumbery", nil},
		{"thumbery, vips, unsharpened", []string{"--engine", "vips", "--no-sharpen"}},
		{"thumbery, bimg, unsharpened", []string{"--engine", "bimg", "--no-sharpen"}},
		{"thumbery, linear light", []string{"--light", "linear"}},
	} {
		s, err := b.serve(own.args...)
		if err != nil {
			return nil, stop, fmt.Errorf("serve %v: %w", own.args, err)
		}
		stops = append(stops, s.stop)
		all = append(all, maker{own.name, s.make})
	}
	if _, err := os.Stat(".tools/peers/sharp/node_modules/sharp"); err == nil {
		all = append(all, maker{"sharp", b.sharp})
	} else {
		fmt.Println("without sharp, which bench/resize -peers installs")
	}
	return all, stop, nil
}

func (b *bench) made(p picture, tool string, width, quality int) string {
	return filepath.Join(b.dir, "made", fmt.Sprintf("%s-%s-%d-%d.jpg", p.name, tool, width, quality))
}

func (b *bench) vipsthumbnail(p picture, width, quality int) (string, error) {
	path := b.made(p, "vipsthumbnail", width, quality)
	_, err := command("vipsthumbnail", p.path, "--size", fmt.Sprintf("%dx%d!", width, p.at(width)),
		"-o", fmt.Sprintf("%s[Q=%d,optimize-coding,strip]", path, quality))
	return path, err
}

//go:embed node/sharp.mjs
var sharpSource []byte

func (b *bench) sharp(p picture, width, quality int) (string, error) {
	script, err := filepath.Abs(".tools/peers/sharp/quality.mjs")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(script, sharpSource, 0o644); err != nil {
		return "", err
	}
	path := b.made(p, "sharp", width, quality)
	_, err = command("node", script, p.path, path, strconv.Itoa(width), strconv.Itoa(p.at(width)), strconv.Itoa(quality))
	return path, err
}

// curve is the means of one maker for each of qualities.
type curve []row

func (b *bench) compareMakers(width int, all []maker) error {
	curves := make([]curve, len(all))
	for i := range curves {
		curves[i] = make(curve, len(qualities))
	}
	var mu sync.Mutex
	err := b.each(width, func(p picture) error {
		reference, err := b.reference(p, width)
		if err != nil {
			return err
		}
		for i, m := range all {
			for q, quality := range qualities {
				c, d, err := b.judge(reference, m, p, width, quality)
				if err != nil {
					return fmt.Errorf("%s: %w", m.name, err)
				}
				mu.Lock()
				curves[i][q].add(c, d)
				mu.Unlock()
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	report(width, all, curves)
	return nil
}

func (b *bench) judge(reference string, m maker, p picture, width, quality int) (c cost, d distance, err error) {
	path, err := m.make(p, width, quality)
	if err != nil {
		return c, d, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return c, d, err
	}
	d, err = b.compare(reference, path)
	return cost{bytes: float64(info.Size())}, d, err
}

func report(width int, all []maker, curves []curve) {
	printHeading(fmt.Sprintf("%d wide, quality %d", width, theDefault))
	for i, m := range all {
		for q, quality := range qualities {
			if quality == theDefault {
				curves[i][q].print(m.name)
			}
		}
	}
	bytes := 0.0
	for q, quality := range qualities {
		if quality == theDefault {
			bytes = curves[0][q].bytes
		}
	}
	printHeading(fmt.Sprintf("%d wide, at equal bytes", width))
	for i, m := range all {
		curves[i].at(bytes).print(m.name)
	}
}

// at interpolates c at so many bytes in all between the two nearest qualities, along
// the logarithm of bytes, in which these curves are nearly straight.
func (c curve) at(bytes float64) row {
	i := 0
	for i < len(c)-2 && c[i+1].bytes < bytes {
		i++
	}
	low, high := c[i], c[i+1]
	t := (math.Log(bytes) - math.Log(low.bytes)) / (math.Log(high.bytes) - math.Log(low.bytes))
	r := low.between(high, t)
	r.bytes = bytes
	return r
}
