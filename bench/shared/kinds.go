package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// kind is derivatives with the same options.
type kind struct {
	name string
	ops  string
	keys []string
}

// cost is the fastest of each step, of one derivative.
type cost struct {
	fetch, work, read time.Duration
	bytes             int
}

// kinds prints how long it takes to make derivatives, and to read them.
func (b *bench) kinds(t pinned.T, rounds int) error {
	all, err := b.upload(t)
	if err != nil {
		return err
	}
	costs := make([]map[string]*cost, len(all))
	for i := range all {
		costs[i] = map[string]*cost{}
	}
	for round := range rounds {
		shared := []string{"--shared", fmt.Sprintf("s3://shared/%d?endpoint=%s", round, b.store.Endpoint), "--shared-min-cost", "0", "--shared-hedge", "1h"}
		for range 2 { // makes, and then reads
			if err := b.measure(t, all, costs, shared); err != nil {
				return err
			}
		}
	}
	fmt.Printf("| | pictures | KB | fetch | make | read | read, p90 | make / read |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, k := range all {
		k.print(costs[i])
	}
	return nil
}

// measure asks a new server for everything.
func (b *bench) measure(t pinned.T, all []kind, costs []map[string]*cost, shared []string) error {
	client, stop, err := b.start(t, "s3://pictures?endpoint="+b.store.Endpoint, shared...)
	if err != nil {
		return err
	}
	defer stop()
	for i, k := range all {
		for _, key := range k.keys {
			a, err := get(t, client, "/"+k.ops+"/"+key)
			if err != nil {
				return err
			}
			if costs[i][key] == nil {
				costs[i][key] = &cost{}
			}
			costs[i][key].add(a)
		}
	}
	return nil
}

// add takes the times of an answer from its Server-Timing. Only the first derivative of a
// picture has fetched it.
func (c *cost) add(a outage.Answer) {
	c.bytes = len(a.Body)
	steps := map[string]time.Duration{}
	for step := range strings.SplitSeq(a.Header.Get("Server-Timing"), ", ") {
		name, value, _ := strings.Cut(step, ";dur=")
		number, _ := strconv.ParseFloat(value, 64)
		steps[name] += time.Duration(number * float64(time.Millisecond))
	}
	least := func(so *time.Duration, took time.Duration) {
		if took > 0 && (*so == 0 || took < *so) {
			*so = took
		}
	}
	least(&c.fetch, steps["fetch"])
	least(&c.work, steps["look"]+steps["resize"])
	least(&c.read, steps["bucket"])
}

func (k kind) print(costs map[string]*cost) {
	var fetch, work, read []time.Duration
	size := 0
	for _, c := range costs {
		if c.fetch > 0 {
			fetch = append(fetch, c.fetch)
		}
		work, read, size = append(work, c.work), append(read, c.read), size+c.bytes
	}
	fetched := ""
	if len(fetch) > 0 {
		fetched = fmt.Sprintf("%.1f", ms(at(50, fetch)))
	}
	fmt.Printf("| %s, `%s` | %d | %.1f | %s | %.1f | %.1f | %.1f | %.0f |\n", k.name, k.ops, len(costs), float64(size)/float64(len(costs))/1000, fetched,
		ms(at(50, work)), ms(at(50, read)), ms(at(90, read)), ms(at(50, work))/ms(at(50, read)))
}

// upload fills the bucket of originals.
func (b *bench) upload(t pinned.T) ([]kind, error) {
	b.store.MakeBucket(t, "pictures")
	b.store.MakeBucket(t, "shared")
	files, err := program.Photographs()
	if err != nil {
		return nil, err
	}
	var photos, small, moving []string
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		photos = append(photos, fmt.Sprintf("photo/%d.jpg", i))
		b.store.Put(t, "pictures", photos[i], data)
	}
	source, err := decode("testdata/photos/cat.jpg")
	if err != nil {
		return nil, err
	}
	still, animation, err := cut(source)
	if err != nil {
		return nil, err
	}
	for i := range 10 {
		small, moving = append(small, fmt.Sprintf("small/%d.jpg", i)), append(moving, fmt.Sprintf("moving/%d.gif", i))
		b.store.Put(t, "pictures", small[i], still)
		b.store.Put(t, "pictures", moving[i], animation)
	}
	return []kind{
		{"photograph", "300x300", photos},
		{"photograph", "1200x", photos},
		{"photograph", "300x300,f_webp", photos},
		{"photograph", "1200x,f_webp", photos},
		{"photograph", "600x,f_avif", photos},
		{"photograph", "info", photos},
		{"JPEG of 480x360", "100x100", small},
		{"JPEG of 480x360", "240x,f_webp", small},
		{"GIF of 480x360, 24 frames", "240x", moving},
	}, nil
}

func decode(file string) (image.Image, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	return m, err
}

// cut cuts a small picture out of one, and an animation of 24 frames that pans over it.
func cut(m image.Image) (still, animation []byte, err error) {
	window := image.Rect(0, 0, 480, 360)
	frame := image.NewRGBA(window)
	var g gif.GIF
	for i := range 24 {
		draw.Draw(frame, window, m, image.Pt(4*i, 0), draw.Src)
		indexed := image.NewPaletted(window, palette.Plan9)
		draw.FloydSteinberg.Draw(indexed, window, frame, image.Point{})
		g.Image, g.Delay = append(g.Image, indexed), append(g.Delay, 8)
	}
	var a, b bytes.Buffer
	if err := jpeg.Encode(&a, frame, nil); err != nil {
		return nil, nil, err
	}
	err = gif.EncodeAll(&b, &g)
	return a.Bytes(), b.Bytes(), err
}
