package main

import (
	"fmt"
	"sync"
)

// way is one way to scale.
type way struct {
	name   string
	leave  float64 // the factor that libjpeg leaves to libvips, at least
	linear bool
	k      float64 // of the sharpening; 0 for none
}

// none is a factor that no picture is shrunk by, so that libjpeg does nothing.
const none = 1e6

// scaling compares what is left to the resampling, and in which light.
func (b *bench) scaling() error {
	ways := []way{
		{"libjpeg as far as it goes", 1, false, 0},
		{"libjpeg leaves 1.65 (Thumbery)", 1.65, false, 0},
		{"libjpeg leaves 2", 2, false, 0},
		{"libjpeg leaves 3", 3, false, 0},
		{"libjpeg leaves 4", 4, false, 0},
		{"no shrinking on load", none, false, 0},
		{"linear, libjpeg leaves 1", 1, true, 0},
		{"linear, libjpeg leaves 2", 2, true, 0},
		{"linear, libjpeg leaves 4", 4, true, 0},
		{"linear, no shrinking on load", none, true, 0},
	}
	for _, width := range b.widths {
		if err := b.compareWays(width, ways); err != nil {
			return err
		}
	}
	return nil
}

// kernels are those that every libvips works out rightly: 8.18.4 does not from 72
// up, where k-8 is a power of two.
var kernels = [...]float64{64, 48, 40, 32, 24}

// sharpening compares kernels, by how strongly was reduced.
func (b *bench) sharpening() error {
	for _, linear := range []bool{false, true} {
		ways := []way{{"none", 2, linear, 0}}
		for _, k := range kernels {
			ways = append(ways, way{fmt.Sprintf("k %g", k), 2, linear, k})
		}
		light := "gamma"
		if linear {
			light = "linear"
		}
		if err := b.compareByFactor(light, ways); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) compareWays(width int, ways []way) error {
	rows, err := b.measureWays([]int{width}, ways, func(float64) string { return "" })
	if err != nil {
		return err
	}
	printHeading(fmt.Sprintf("%d wide", width))
	for _, w := range ways {
		rows[group{w, ""}].print(w.name)
	}
	return nil
}

// factors are the lower limits of groups of reduction factors.
var factors = [...]float64{1, 1.5, 2, 3, 4, 6, 8, 12, 16}

func factorGroup(factor float64) string {
	for i := len(factors) - 1; i >= 0; i-- {
		if factor >= factors[i] {
			return fmt.Sprintf("from %g", factors[i])
		}
	}
	return ""
}

func (b *bench) compareByFactor(light string, ways []way) error {
	rows, err := b.measureWays([]int{150, 300, 450, 600, 900, 1200, 1800, 2400}, ways, factorGroup)
	if err != nil {
		return err
	}
	for _, f := range factors {
		name := factorGroup(f)
		printHeading(fmt.Sprintf("reduced, %s, %s, n=%d", light, name, rows[group{ways[0], name}].n))
		for _, w := range ways {
			rows[group{w, name}].print(w.name)
		}
	}
	return nil
}

// group is the results of one way of some pictures.
type group struct {
	way  way
	name string
}

func (b *bench) measureWays(widths []int, ways []way, name func(factor float64) string) (map[group]row, error) {
	rows := map[group]row{}
	var mu sync.Mutex
	for _, width := range widths {
		err := b.each(width, func(p picture) error {
			reference, err := b.reference(p, width)
			if err != nil {
				return err
			}
			for _, w := range ways {
				path, c, err := b.scale(p, width, w.leave, w.linear, w.k)
				if err != nil {
					return err
				}
				d, err := b.compare(reference, path)
				if err != nil {
					return err
				}
				mu.Lock()
				g := group{w, name(float64(p.width) / float64(width))}
				r := rows[g]
				r.add(c, d)
				rows[g] = r
				mu.Unlock()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}
