package main

import (
	"fmt"
	"sync"
)

// measureEncodings encodes the references of one width, and compares with them.
// Encoding by itself loses all that is lost here.
func (b *bench) measureEncodings(width, times int, suffixes []string) (map[string]row, error) {
	rows := map[string]row{}
	var mu sync.Mutex
	err := b.each(width, func(p picture) error {
		reference, err := b.reference(p, width)
		if err != nil {
			return err
		}
		for _, suffix := range suffixes {
			path, c, err := b.encode(reference, suffix, times)
			if err != nil {
				return err
			}
			d, err := b.compare(reference, path)
			if err != nil {
				return err
			}
			mu.Lock()
			r := rows[suffix]
			r.add(c, d)
			rows[suffix] = r
			mu.Unlock()
		}
		return nil
	})
	return rows, err
}

func (b *bench) printEncodings(width, times int, suffixes []string) error {
	rows, err := b.measureEncodings(width, times, suffixes)
	if err != nil {
		return err
	}
	printHeading(fmt.Sprintf("%d wide", width))
	for _, s := range suffixes {
		rows[s].print(s)
	}
	return nil
}

// progressive compares what the order and the tables of a JPEG cost and save.
func (b *bench) progressive() error {
	suffixes := []string{
		".jpg[Q=80,strip]", ".jpg[Q=80,strip,optimize-coding]", ".jpg[Q=80,strip,interlace]",
		".jpg[Q=80,strip,interlace,optimize-coding]",
	}
	for _, width := range b.widths {
		if err := b.printEncodings(width, 10, suffixes); err != nil {
			return err
		}
	}
	return nil
}

// subsampling compares halved and whole colour planes of JPEGs where the bytes
// are equal.
func (b *bench) subsampling() error {
	all := []maker{b.encoder("4:2:0", "on"), b.encoder("4:4:4", "off")}
	for _, width := range b.widths {
		if err := b.compareMakers(width, all); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) encoder(name, mode string) maker {
	return maker{name, func(p picture, width, quality int) (string, error) {
		reference, err := b.reference(p, width)
		if err != nil {
			return "", err
		}
		path, _, err := b.encode(reference, fmt.Sprintf(".jpg[Q=%d,strip,optimize-coding,subsample-mode=%s]", quality, mode), 1)
		return path, err
	}}
}

// family is one encoder with one effort, over its scale of quality.
type family struct {
	name, suffix string // with %d for the quality
	qualities    []int
}

// formats compares where the butteraugli norm is that of the default JPEG.
func (b *bench) formats() error {
	avif := []int{45, 50, 55, 60, 65, 70}
	families := []family{
		{"jpeg", ".jpg[Q=%d,strip,optimize-coding]", []int{75, theDefault, 85}},
		{"webp, effort 2", ".webp[Q=%d,strip,effort=2]", []int{70, 75, 80, 85}},
		{"webp, effort 4", ".webp[Q=%d,strip]", []int{70, 75, 80, 85}},
		{"avif, speed 9", ".avif[Q=%d,effort=0,strip]", avif},
		{"avif, speed 8", ".avif[Q=%d,effort=1,strip]", avif},
		{"avif, speed 7", ".avif[Q=%d,effort=2,strip]", avif},
		{"avif, speed 6", ".avif[Q=%d,effort=3,strip]", avif},
		{"avif, speed 5", ".avif[Q=%d,effort=4,strip]", avif},
	}
	return b.compareAll(families)
}

// jxl compares JPEG XL with the others, as they are by default.
func (b *bench) jxl() error {
	families := []family{
		{"jpeg", ".jpg[Q=%d,strip,optimize-coding]", []int{75, theDefault, 85}},
		{"webp, effort 4", ".webp[Q=%d,strip]", []int{70, 75, 80, 85}},
		{"avif, speed 7", ".avif[Q=%d,effort=2,strip]", []int{55, 62, 68, 74}},
		{"avif, speed 6", ".avif[Q=%d,effort=3,strip]", []int{50, 56, 62, 68}},
	}
	for effort := 3; effort <= 7; effort++ { // libvips 8.14 begins at 3
		families = append(families, family{fmt.Sprintf("jxl, effort %d", effort), fmt.Sprintf(".jxl[Q=%%d,effort=%d,strip]", effort), []int{66, 72, 78, 84}})
	}
	return b.compareAll(families)
}

func (b *bench) compareAll(families []family) error {
	for _, width := range b.widths {
		if err := b.compareFamilies(width, families); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) compareFamilies(width int, families []family) error {
	var suffixes []string
	for _, f := range families {
		for _, q := range f.qualities {
			suffixes = append(suffixes, fmt.Sprintf(f.suffix, q))
		}
	}
	rows, err := b.measureEncodings(width, 1, suffixes)
	if err != nil {
		return err
	}
	for _, m := range []measure{{"3-norm", func(r row) float64 { return -r.norm }}, {"SSIM", func(r row) float64 { return r.ssim }}} {
		fmt.Printf("\n%-34s %8s %8s %8s %8s %8s\n", fmt.Sprintf("%d wide, equal in %s", width, m.name), "quality", "CPU ms", "KB", "3-norm", "SSIM")
		for _, f := range families {
			f.printAt(m, m.of(rows[fmt.Sprintf(families[0].suffix, theDefault)]), rows)
		}
	}
	return nil
}

// measure is a way to say how good a row is; more is better.
type measure struct {
	name string
	of   func(row) float64
}

// printAt prints what f has where it is as good as good, between the two nearest
// qualities, or on the line through the last two.
func (f family) printAt(m measure, good float64, rows map[string]row) {
	row := func(i int) row { return rows[fmt.Sprintf(f.suffix, f.qualities[i])] }
	i := 0
	for i < len(f.qualities)-2 && m.of(row(i+1)) < good {
		i++
	}
	low, high := row(i), row(i+1)
	t := (good - m.of(low)) / (m.of(high) - m.of(low))
	from, to := float64(f.qualities[i]), float64(f.qualities[i+1])
	r, n := low.between(high, t), float64(low.n)
	fmt.Printf("%-34s %8.1f %8.1f %8.2f %8.4f %8.5f\n", f.name, from+t*(to-from), r.millis/n, r.bytes/n/1000, r.norm/n, r.ssim/n)
}

// avif prints libaom's speeds, which are 9 less libvips' effort, as they are.
func (b *bench) avif() error {
	var suffixes []string
	for effort := range 6 {
		for _, q := range []int{45, 55, 65} {
			suffixes = append(suffixes, fmt.Sprintf(".avif[Q=%d,effort=%d,strip]", q, effort))
		}
	}
	for _, width := range b.widths {
		if err := b.printEncodings(width, 1, suffixes); err != nil {
			return err
		}
	}
	return nil
}
