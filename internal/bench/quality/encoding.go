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

// subsampling compares halved and whole colour planes of JPEGs.
func (b *bench) subsampling() error {
	var suffixes []string
	for _, mode := range []string{"on", "off"} {
		for _, q := range []int{60, 65, 70, 75, 80, 85, 90, 95} {
			suffixes = append(suffixes, fmt.Sprintf(".jpg[Q=%d,strip,optimize-coding,subsample-mode=%s]", q, mode))
		}
	}
	for _, width := range b.widths {
		if err := b.printEncodings(width, 1, suffixes); err != nil {
			return err
		}
	}
	return nil
}

// formats compares JPEG, WebP and AVIF over their scales of quality.
func (b *bench) formats() error {
	var suffixes []string
	for _, q := range []int{60, 70, 75, 80, 85, 90} {
		suffixes = append(suffixes, fmt.Sprintf(".jpg[Q=%d,strip,optimize-coding]", q))
	}
	for _, q := range []int{60, 70, 75, 80, 85, 90} {
		suffixes = append(suffixes, fmt.Sprintf(".webp[Q=%d,strip]", q))
	}
	for _, q := range []int{40, 45, 50, 55, 60, 65, 70, 75} {
		suffixes = append(suffixes, fmt.Sprintf(".avif[Q=%d,effort=2,strip]", q))
	}
	for _, width := range b.widths {
		if err := b.printEncodings(width, 1, suffixes); err != nil {
			return err
		}
	}
	return nil
}

// avif compares libaom's speeds, which are 9 less libvips' effort.
func (b *bench) avif() error {
	var suffixes []string
	for _, effort := range []int{0, 1, 2, 3, 4, 5} {
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
