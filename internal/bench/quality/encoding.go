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
	norm := rows[fmt.Sprintf(families[0].suffix, theDefault)].norm
	fmt.Printf("\n%-22s %8s %8s %8s %8s %8s\n", fmt.Sprintf("%d wide, as near as", width), "quality", "CPU ms", "KB", "3-norm", "SSIM")
	for _, f := range families {
		q, r := f.at(norm, rows)
		n := float64(r.n)
		fmt.Printf("%-22s %8.1f %8.1f %8.2f %8.4f %8.5f\n", f.name, q, r.millis/n, r.bytes/n/1000, r.norm/n, r.ssim/n)
	}
	return nil
}

// at is what f has where it is as far from the reference as norm, between the
// two nearest qualities.
func (f family) at(norm float64, rows map[string]row) (quality float64, r row) {
	row := func(i int) row { return rows[fmt.Sprintf(f.suffix, f.qualities[i])] }
	i := 0
	for i < len(f.qualities)-2 && row(i+1).norm > norm {
		i++
	}
	low, high := row(i), row(i+1)
	t := (norm - low.norm) / (high.norm - low.norm)
	q := float64(f.qualities[i])
	return q + t*(float64(f.qualities[i+1])-q), low.between(high, t)
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
