//go:build cgo

package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/thumbery/thumbery/resize"
)

// srcsets are the sizes that a page asks for.
var srcsets = []struct {
	name     string
	variants []string
}{
	{"2 JPEGs", []string{"800x", "320x"}},
	{"6 JPEGs", []string{"1600x", "1200x", "800x", "640x", "480x", "320x"}},
	{"6 JPEGs and WebPs", []string{
		"1600x", "1200x", "800x", "640x", "480x", "320x",
		"1600x,f_webp", "1200x,f_webp", "800x,f_webp", "640x,f_webp", "480x,f_webp", "320x,f_webp",
	}},
}

// together compares one decoding with several, and with the largest picture
// alone.
func (b *bench) together() error {
	fmt.Printf("\n%-24s %10s %10s %10s %8s %10s\n", "CPU ms", "one by one", "together", "largest", "ratio", "/ largest")
	for _, set := range srcsets {
		var sums [3]float64
		for _, p := range b.photos {
			plans, err := b.plans(p.header, set.variants)
			if err != nil {
				return err
			}
			times, err := b.contest(
				func() error { return b.oneByOne(p, plans) },
				func() error { return b.all(p, plans) },
				func() error { return b.oneByOne(p, plans[:1]) },
			)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			for i := range sums {
				sums[i] += times[i] / float64(len(b.photos))
			}
		}
		fmt.Printf("%-24s %10.1f %10.1f %10.1f %8.2f %10.2f\n", set.name, sums[0], sums[1], sums[2], sums[0]/sums[1], sums[1]/sums[2])
	}
	return nil
}

func (b *bench) oneByOne(p photo, plans []resize.Plan) error {
	for _, plan := range plans {
		if _, err := b.resize(p, plan); err != nil {
			return err
		}
	}
	return nil
}

// singles are what is asked for alone.
var singles = []string{"300x300", "300x300,f_webp", "640x", "800x", "800x,f_webp"}

// first compares the first derivative alone with the same one before a mezzanine
// of the same decoding, until it is made, and with that the mezzanine.
func (b *bench) first() error {
	fmt.Printf("\n%-24s %10s %10s %14s %10s %14s\n", "CPU ms", "alone", "with", "median ratio", "both", "one by one")
	for _, ops := range singles {
		var sums [4]float64
		var ratios []float64
		n := 0.0
		for _, p := range b.photos {
			mezzanine, ok := b.settings().Mezzanine(p.header)
			if !ok {
				continue
			}
			plan, err := b.plan(p.header, ops)
			if err != nil {
				return err
			}
			until := make([]float64, 0, b.rounds)
			times, err := b.contest(
				func() error { return b.oneByOne(p, []resize.Plan{plan}) },
				func() error {
					began := used()
					return b.engine.ResizeAll(context.Background(), resize.InMemory(p.data), p.header, []resize.Plan{plan, mezzanine}, func(i int, _ []byte, _ error) {
						if i == 0 {
							until = append(until, (used()-began).Seconds()*1000)
						}
					})
				},
				func() error { return b.oneByOne(p, []resize.Plan{plan, mezzanine}) },
			)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			for i, t := range []float64{times[0], median(until), times[1], times[2]} {
				sums[i] += t
			}
			ratios = append(ratios, median(until)/times[0])
			n++
		}
		fmt.Printf("%-24s %10.1f %10.1f %14.2f %10.1f %14.1f\n", ops, sums[0]/n, sums[1]/n, median(ratios), sums[2]/n, sums[3]/n)
	}
	return nil
}

// from compares derivatives of originals with those of mezzanines.
func (b *bench) from() error {
	fmt.Printf("\n%-24s %10s %10s %8s %14s\n", "CPU ms", "original", "mezzanine", "ratio", "median ratio")
	for _, ops := range singles {
		var sums [2]float64
		var ratios []float64
		for _, p := range b.photos {
			m, ok, err := b.mezzanine(p)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			plan, err := b.plan(p.header, ops)
			if err != nil {
				return err
			}
			times, err := b.contest(
				func() error { return b.oneByOne(p, []resize.Plan{plan}) },
				func() error { return b.oneByOne(m, []resize.Plan{plan}) },
			)
			if err != nil {
				return err
			}
			sums[0], sums[1] = sums[0]+times[0], sums[1]+times[1]
			ratios = append(ratios, times[0]/times[1])
		}
		n := float64(len(ratios))
		fmt.Printf("%-24s %10.1f %10.1f %8.2f %14.2f\n", ops, sums[0]/n, sums[1]/n, sums[0]/sums[1], median(ratios))
	}
	return nil
}

// mezzanine makes one; ok is false where there is none.
func (b *bench) mezzanine(p photo) (m photo, ok bool, err error) {
	plan, ok := b.settings().Mezzanine(p.header)
	if !ok {
		return m, false, nil
	}
	body, err := b.resize(p, plan)
	if err != nil {
		return m, false, err
	}
	packed := resize.PackMezzanine(p.header, int64(len(p.data)), body)
	z, err := resize.UnpackMezzanine(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return m, false, err
	}
	data, err := z.Bytes()
	return photo{p.name, data, z.Header}, true, err
}

// kept says, for each photograph, what its mezzanine takes, and what one 640 wide
// takes with and without.
func (b *bench) kept() error {
	fmt.Printf("\n%-36s %12s %6s %9s %9s %9s %9s %9s %7s\n", "", "", "scans", "KB", "mezz. KB", "ms", "640: ms", "from it", "ratio")
	for _, p := range b.photos {
		m, ok, err := b.mezzanine(p)
		if err != nil {
			return err
		}
		if !ok {
			fmt.Printf("%-36.36s %5dx%-6d none\n", p.name, p.header.Width, p.header.Height)
			continue
		}
		whole, _ := b.settings().Mezzanine(p.header)
		plan, err := b.plan(p.header, "640x")
		if err != nil {
			return err
		}
		times, err := b.contest(
			func() error { return b.oneByOne(p, []resize.Plan{whole}) },
			func() error { return b.oneByOne(p, []resize.Plan{plan}) },
			func() error { return b.oneByOne(m, []resize.Plan{plan}) },
		)
		if err != nil {
			return err
		}
		fmt.Printf("%-36.36s %5dx%-6d %6d %9.0f %9.0f %9.1f %9.1f %9.1f %7.2f\n", p.name, p.header.Width, p.header.Height, p.header.Scans,
			float64(len(p.data))/1000, float64(len(m.data))/1000, times[0], times[1], times[2], times[1]/times[2])
	}
	return nil
}
