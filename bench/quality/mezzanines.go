package main

import (
	"fmt"
	"path/filepath"
	"sync"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// mezzanineSide is the longest side of the copies that pictures are made of, and
// mezzanineOver how many pixels an original must have for it.
const (
	mezzanineSide = 2048
	mezzanineOver = 4_000_000
)

// mezzanines compares pictures made of the original with those made of a smaller
// copy, which is made as carefully as a picture, or coarsely as the engine does it.
// All is work of vipsthumbnail and vips, which unsharpened is that of thumbery's own
// engine; encoded, and as they are before.
func (b *bench) mezzanines() error {
	copies := []smaller{
		{"original", "", nil},
		{"with care", "[Q=90,strip,optimize-coding]", carefully},
		{"coarse", "[Q=90,strip]", coarsely},
		{"coarse, 4:2:0", "[Q=90,strip,subsample-mode=on]", coarsely},
	}
	for _, width := range b.widths {
		var all []maker
		for i, c := range copies {
			all = append(all, b.through(i, c, ".jpg"), b.through(i, c, ".png"))
		}
		if err := b.compareOnce(width, all); err != nil {
			return err
		}
	}
	return nil
}

// smaller is a kind of copy: none, if nothing makes it.
type smaller struct {
	name, suffix string
	make         func(p picture, to string) error
}

// carefully leaves a reduction by two to the engine, and has it use Lanczos.
func carefully(p picture, to string) error {
	_, err := command("vipsthumbnail", p.path, "--size", fmt.Sprintf("%dx%d", mezzanineSide, mezzanineSide), "-o", to)
	return err
}

// coarsely has libjpeg shrink all the way, and the rest done with a simple filter, to
// the sides that resize.Settings.Mezzanine chooses for a photograph of such a size.
func coarsely(p picture, to string) error {
	plan, ok := mezzaninePlan(p)
	if !ok {
		return fmt.Errorf("%s has no mezzanine", p.name)
	}
	shrink := 1
	for shrink < 8 && p.width >= 2*shrink*plan.ScaledW {
		shrink *= 2
	}
	loaded := func(side int) float64 { return float64(side / shrink) }
	from := fmt.Sprintf("%s[shrink=%d]", p.path, shrink)
	x, y := float64(plan.ScaledW)/loaded(p.width), float64(plan.ScaledH)/loaded(p.height)
	_, err := command("vips", "resize", from, to, number(x), "--vscale", number(y), "--kernel", "linear")
	return err
}

// mezzaninePlan takes all photographs for progressive ones, which have mezzanines
// from a smaller size on.
func mezzaninePlan(p picture) (plan resize.Plan, ok bool) {
	s := resize.Settings{MezzanineSide: mezzanineSide, MezzanineOver: mezzanineOver}
	return s.Mezzanine(header.Header{
		Format: variant.JPEG, Width: p.width, Height: p.height, Depth: 8, Orientation: 1, Pages: 1, Progressive: true, Scans: 1,
	})
}

// through makes a picture of a copy, the i-th kind.
func (b *bench) through(i int, c smaller, extension string) maker {
	name := c.name
	if extension == ".png" {
		name += ", PNG"
	}
	return maker{name, func(p picture, width, quality int) (string, error) {
		from, options := p.path, "[compression=1,strip]"
		if extension == ".jpg" {
			options = fmt.Sprintf("[Q=%d,optimize-coding,strip]", quality)
		}
		if c.make != nil {
			from = filepath.Join(b.dir, "made", fmt.Sprintf("%s-mezzanine%d.jpg", p.name, i))
			if err := c.make(p, from+c.suffix); err != nil {
				return "", err
			}
		}
		path := filepath.Join(b.dir, "made", fmt.Sprintf("%s-from%d-%d%s", p.name, i, width, extension))
		_, err := command("vipsthumbnail", from, "--size", fmt.Sprintf("%dx%d!", width, p.at(width)), "-o", path+options)
		return path, err
	}}
}

// compareOnce is compareMakers at the default quality alone, with the photographs
// that have a mezzanine.
func (b *bench) compareOnce(width int, all []maker) error {
	rows := make([]row, len(all))
	var mu sync.Mutex
	err := b.each(width, func(p picture) error {
		if plan, ok := mezzaninePlan(p); !ok || 2*width > min(plan.ScaledW, mezzanineSide) {
			return nil
		}
		reference, err := b.reference(p, width)
		if err != nil {
			return err
		}
		for i, m := range all {
			c, d, err := b.judge(reference, m, p, width, theDefault)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			mu.Lock()
			rows[i].add(c, d)
			mu.Unlock()
		}
		return nil
	})
	printHeading(fmt.Sprintf("%d wide, n=%d", width, rows[0].n))
	for i, m := range all {
		rows[i].print(m.name)
	}
	return err
}
