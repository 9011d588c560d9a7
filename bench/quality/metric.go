package main

import (
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"strings"
)

// distance is how far a picture is from its reference.
type distance struct {
	worst float64 // butteraugli's maximum
	norm  float64 // its 3-norm
	ssim  float64 // 1 is the same
}

// compare compares two files of the same size in pixels. What is no PNG is
// decoded by libvips first.
func (b *bench) compare(reference, made string) (d distance, err error) {
	if !strings.HasSuffix(made, ".png") {
		if _, err := command("vips", "copy", made, made+".png[compression=1,strip]"); err != nil {
			return d, err
		}
		made += ".png"
		defer os.Remove(made)
	}
	out, err := command("butteraugli_main", reference, made)
	if err != nil {
		return d, err
	}
	if _, err := fmt.Sscanf(out, "%f\n3-norm: %f", &d.worst, &d.norm); err != nil {
		return d, fmt.Errorf("butteraugli_main said %q", out)
	}
	d.ssim, err = ssim(reference, made)
	return d, err
}

// plane is the luma (Rec. 601) of a picture.
type plane struct {
	w, h int
	y    []float64
}

func readPlane(path string) (plane, error) {
	f, err := os.Open(path)
	if err != nil {
		return plane{}, err
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		return plane{}, fmt.Errorf("%s: %w", path, err)
	}
	return newPlane(m), nil
}

func newPlane(m image.Image) plane {
	r := m.Bounds()
	p := plane{w: r.Dx(), h: r.Dy(), y: make([]float64, 0, r.Dx()*r.Dy())}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue, _ := m.At(x, y).RGBA()
			p.y = append(p.y, (0.299*float64(red)+0.587*float64(green)+0.114*float64(blue))/257)
		}
	}
	return p
}

// ssim is the mean structural similarity of Wang, Bovik, Sheikh and Simoncelli
// (2004), with their window, a Gaussian of 11x11 with sigma 1.5, and constants.
func ssim(reference, made string) (float64, error) {
	a, err := readPlane(reference)
	if err != nil {
		return 0, err
	}
	b, err := readPlane(made)
	if err != nil {
		return 0, err
	}
	if a.w != b.w || a.h != b.h {
		return 0, fmt.Errorf("%s has %dx%d pixels and not %dx%d", made, b.w, b.h, a.w, a.h)
	}
	return similarity(a, b), nil
}

func similarity(a, b plane) float64 {
	const c1, c2 = (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	ma, mb := a.blurred(), b.blurred()
	aa, bb, ab := a.times(a).blurred(), b.times(b).blurred(), a.times(b).blurred()
	sum := 0.0
	for i := range ma.y {
		x, y := ma.y[i], mb.y[i]
		va, vb, cov := aa.y[i]-x*x, bb.y[i]-y*y, ab.y[i]-x*y
		sum += (2*x*y + c1) * (2*cov + c2) / ((x*x + y*y + c1) * (va + vb + c2))
	}
	return sum / float64(len(ma.y))
}

func (p plane) times(q plane) plane {
	product := plane{w: p.w, h: p.h, y: make([]float64, len(p.y))}
	for i := range p.y {
		product.y[i] = p.y[i] * q.y[i]
	}
	return product
}

// blurred is p under the window, where all of the window is inside.
func (p plane) blurred() plane {
	window := gaussian()
	n := len(window)
	across := plane{w: p.w - n + 1, h: p.h}
	across.y = make([]float64, across.w*across.h)
	for y := range across.h {
		for x := range across.w {
			for i, f := range window {
				across.y[y*across.w+x] += f * p.y[y*p.w+x+i]
			}
		}
	}
	down := plane{w: across.w, h: p.h - n + 1}
	down.y = make([]float64, down.w*down.h)
	for y := range down.h {
		for i, f := range window {
			for x := range down.w {
				down.y[y*down.w+x] += f * across.y[(y+i)*across.w+x]
			}
		}
	}
	return down
}

func gaussian() [11]float64 {
	var window [11]float64
	sum := 0.0
	for i := range window {
		window[i] = math.Exp(-float64((i-5)*(i-5)) / (2 * 1.5 * 1.5))
		sum += window[i]
	}
	for i := range window {
		window[i] /= sum
	}
	return window
}
