//go:build cgo

package main

import (
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// small are the sizes of a page that a mezzanine serves.
var small = []string{
	"320x", "480x", "640x", "800x",
	"320x,f_webp", "480x,f_webp", "640x,f_webp", "800x,f_webp",
}

// making says, for each photograph, what its mezzanine takes: made with care, as a
// derivative of its size is; coarsely; and as it is.
func (b *bench) making() error {
	fmt.Printf("\n%-24s %-11s %10s %10s %10s %12s %7s\n", "CPU ms of a mezzanine", "", "with care", "coarse", "as it is", "", "ratio")
	var sums [3]float64
	var ratios []float64
	for _, p := range b.photos {
		whole, ok := b.settings().Mezzanine(p.header)
		if !ok {
			continue
		}
		coarse := b.fullSide(p.header, whole)
		careful := coarse
		careful.Coarse = false
		times, err := b.contest(
			func() error { return b.oneByOne(p, []resize.Plan{careful}) },
			func() error { return b.oneByOne(p, []resize.Plan{coarse}) },
			func() error { return b.oneByOne(p, []resize.Plan{whole}) },
		)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for i := range sums {
			sums[i] += times[i]
		}
		ratios = append(ratios, times[0]/times[2])
		fmt.Printf("%-24.24s %4dx%-6d %10.1f %10.1f %10.1f %7dx%-4d %7.2f\n", p.name, p.header.Width, p.header.Height,
			times[0], times[1], times[2], whole.ScaledW, whole.ScaledH, times[0]/times[2])
	}
	if n := float64(len(ratios)); n > 0 {
		fmt.Printf("%-36s %10.1f %10.1f %10.1f %12s %7.2f\n", "mean, and median ratio", sums[0]/n, sums[1]/n, sums[2]/n, "", median(ratios))
	}
	return nil
}

// fullSide is whole with just b.side for the longest side.
func (b *bench) fullSide(h header.Header, whole resize.Plan) resize.Plan {
	w, height := h.Upright()
	longest := max(w, height)
	whole.ScaledW, whole.ScaledH = (w*b.side+longest/2)/longest, (height*b.side+longest/2)/longest
	whole.CanvasW, whole.CanvasH = whole.ScaledW, whole.ScaledH
	whole.Cut = resize.Rect{Width: whole.ScaledW, Height: whole.ScaledH}
	return whole
}

// page says, for each photograph, what the small sizes of a page take of the
// original, and with a mezzanine: the first of the original, then the mezzanine, then
// the others of it.
func (b *bench) page() error {
	fmt.Printf("\n%-24s %-11s %10s %10s %10s %10s %7s\n", "CPU ms of 8 small sizes", "", "original", "mezzanine", "from it", "with", "ratio")
	for _, p := range b.photos {
		m, ok, err := b.mezzanine(p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		whole, _ := b.settings().Mezzanine(p.header)
		plans, err := b.plans(p.header, small)
		if err != nil {
			return err
		}
		times, err := b.contest(
			func() error { return b.oneByOne(p, plans) },
			func() error { return b.oneByOne(p, []resize.Plan{whole}) },
			func() error { return b.oneByOne(m, plans) },
		)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		n := float64(len(plans))
		with := times[0]/n + times[1] + times[2]*(n-1)/n
		fmt.Printf("%-24.24s %4dx%-6d %10.1f %10.1f %10.1f %10.1f %7.2f\n", p.name, p.header.Width, p.header.Height,
			times[0], times[1], times[2], with, times[0]/with)
	}
	return nil
}
