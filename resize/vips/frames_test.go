package vips

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

// film is an animation, decoded by others than its encoder where there is one.
type film struct {
	frames []*image.NRGBA
	delays []int // milliseconds
	plays  int   // 0 for ever
}

func filmOf(t testing.TB, e *Engine, data []byte) film {
	t.Helper()
	if f, _ := header.Sniff(data); f == variant.GIF {
		return gifFilm(t, data)
	}
	h, p := plan(t, e, data, "dpr_1,f_webp")
	j := job{newRun(), e, data, h, p, false}
	defer j.Close()
	roll := j.load(j.source())
	f := film{delays: j.Ints(roll, "delay"), plays: j.Number(roll, "loop")}
	if j.Err != nil {
		t.Fatal(j.Err)
	}
	for i := range h.Pages {
		f.frames = append(f.frames, view(t, e, data, sprint("dpr_1,f_png,page_%d", i+1)))
	}
	return f
}

// gifFilm draws each frame on what those before have left, as GIF89a says.
func gifFilm(t testing.TB, data []byte) film {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	f := film{plays: max(g.LoopCount+1, 1)} // -1 is once
	if g.LoopCount == 0 {
		f.plays = 0
	}
	screen := image.NewNRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	for i, m := range g.Image {
		before := &image.NRGBA{Pix: slices.Clone(screen.Pix), Stride: screen.Stride, Rect: screen.Rect}
		draw.Draw(screen, m.Rect, m, m.Rect.Min, draw.Over)
		f.frames = append(f.frames, &image.NRGBA{Pix: slices.Clone(screen.Pix), Stride: screen.Stride, Rect: screen.Rect})
		f.delays = append(f.delays, 10*g.Delay[i])
		switch g.Disposal[i] {
		case gif.DisposalBackground:
			draw.Draw(screen, m.Rect, image.Transparent, image.Point{}, draw.Src)
		case gif.DisposalPrevious:
			screen = before
		}
	}
	return f
}

// The counter, of which testdata/README.md tells.
var (
	counterColours = []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 0, 255}, {255, 0, 255, 255}}
	counterSeen    = [][]int{{0}, {0, 1}, {0, 2}, {0, 3}, {0, 3, 4}}
	counterDelays  = []int{100, 200, 50, 400, 1000}
)

// counterFrame is what a frame of the counter shows.
func counterFrame(i int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 100, 60))
	for _, s := range counterSeen[i] {
		draw.Draw(m, image.Rect(20*s, 20, 20*s+20, 40), image.NewUniform(counterColours[s]), image.Point{}, draw.Src)
	}
	return m
}

// TestFrames: each frame is what ops make of a picture of that frame alone.
func TestFrames(t *testing.T) {
	t.Parallel()
	e := engineOf(t, engine.Config{Watermarks: []watermark.Watermark{
		{Name: "dot", Image: resizetest.PNG(painted(6, 6, color.NRGBA{255, 255, 255, 255})), Gravity: variant.GravitySE, Opacity: 1},
	}})
	for _, name := range []string{"counter.gif", "counter.webp"} {
		src := testdata(t, "odd/"+name)
		for _, ops := range sample.Every(5, []string{
			"dpr_1", "50x", "50x30,g_w", "30x30", "40x20,crop_0_10_80_40", "60x60,fit_contain,bg_336699", "60x60,fit_contain", "40x40,fit_fill",
			"50x,rot_90", "50x,flip_h,pad_4,bg_ffffff", "60x40,round_12,bg_000000", "50x,gray", "100x,wm_dot,bg_808080", "200x,up_1", "50x,bg_ffffff", "50x,blur_2,bg_ffffff",
		}) {
			for i, f := range []string{"f_webp,lossless", "f_gif", "f_webp,q_95"} {
				if i == 2 && len(ops) > 6 {
					continue
				}
				options := ops + "," + f
				out, p := makeOf(t, e, src, options)
				got := filmOf(t, e, out)
				if p.Frames != 5 || len(got.frames) != 5 || !slices.Equal(got.delays, counterDelays) || got.plays != 3 {
					t.Errorf("%s, %s: %d frames of %v, played %d times", name, options, len(got.frames), got.delays, got.plays)
					continue
				}
				for n, frame := range got.frames {
					alone := view(t, e, resizetest.PNG(counterFrame(n)), ops+",f_png")
					limit := 1.0
					switch f {
					case "f_gif":
						limit = 6 // few colours and no half transparency
						if !p.Flattened() {
							thresholded(alone)
						}
					case "f_webp,q_95":
						limit = 5
					}
					if mean, worst := differ(t, frame, alone); mean > limit {
						t.Errorf("%s, %s, frame %d: %.2f off in the mean, %d at worst", name, options, n, mean, worst)
					}
				}
			}
		}
	}
}

// TestStills: one frame of an animation.
func TestStills(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range []string{"counter.gif", "counter.webp"} {
		src := testdata(t, "odd/"+name)
		for ops, frame := range map[string]int{
			"50x,still": 0, "50x,page_1": 0, "50x,page_3": 2, "50x,page_5,f_webp": 4, "50x,page_4,f_gif": 3, "50x,still,f_gif": 0,
			"50x,f_png": 0, "50x,f_jpeg": 0, "50x,f_avif": 0, "50x,page_2,f_avif": 1, "50x,page_5,f_jpeg": 4,
		} {
			out, p := makeOf(t, e, src, ops+",q_95")
			if h := headerOf(t, out); h.Pages != 1 || p.Frames != 1 {
				t.Errorf("%s, %s: %d frames", name, ops, h.Pages)
			}
			options := "50x,f_png"
			if p.Flattened() {
				options += ",bg_ffffff"
			}
			want := view(t, e, resizetest.PNG(counterFrame(frame)), options)
			if mean, worst := differ(t, decoded(t, e, out), want); mean > 6 {
				t.Errorf("%s, %s: %.2f off in the mean, %d at worst", name, ops, mean, worst)
			}
		}
	}
}

// TestOneFrame: a GIF of one frame is a still picture, with its hole.
func TestOneFrame(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, f := range []string{"f_gif", "f_webp,lossless", "f_png", "f_avif"} {
		out, _ := makeOf(t, e, testdata(t, "odd/one-frame.gif"), "dpr_1,"+f)
		if h := headerOf(t, out); h.Pages != 1 || !h.Alpha {
			t.Errorf("%s: %+v", f, h)
		}
		if mean, worst := differ(t, decoded(t, e, out), counterFrame(0)); mean > 1 {
			t.Errorf("%s: %.2f off in the mean, %d at worst", f, mean, worst)
		}
	}
}

// TestBall: an animation without alpha, whose later frames are small.
func TestBall(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	original := gifFilm(t, testdata(t, "odd/animated.gif"))
	for _, name := range []string{"animated.gif", "animated.webp"} {
		for _, ops := range sample.Every(3, []string{"96x72,f_webp", "96x72,f_gif", "96x72", "96x72,fit_contain,f_webp", "dpr_1,f_gif"}) {
			out, p := makeOf(t, e, testdata(t, "odd/"+name), ops)
			got := filmOf(t, e, out)
			if len(got.frames) != 12 || got.plays != 0 || got.delays[0] != 80 || got.delays[11] != 80 {
				t.Errorf("%s, %s: %d frames, %v, played %d times", name, ops, len(got.frames), got.delays, got.plays)
				continue
			}
			for i, frame := range got.frames {
				want := original.frames[i]
				if p.ScaledW != 192 {
					want = boxed(want, 2)
				}
				if mean, worst := differ(t, frame, want); mean > 7 {
					t.Errorf("%s, %s, frame %d: %.2f off in the mean, %d at worst", name, ops, i, mean, worst)
				}
			}
		}
	}
}

// TestManyFrames: there are limits.
func TestManyFrames(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/counter.gif")
	h := headerOf(t, src)
	for ops, s := range map[string]resize.Settings{
		"50x":        {MaxFrames: 4, CanWrite: e.CanWrite},
		"50x,v_1":    {MaxPixels: 5*6000 - 1, CanWrite: e.CanWrite},
		"x3000,up_1": {CanWrite: e.CanWrite},
	} {
		v, err := variant.Parse(ops)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := resize.NewPlan(h, v, 0, s); !errors.Is(err, header.ErrTooLarge) || !strings.Contains(err.Error(), "still") {
			t.Errorf("%s: %v", ops, err)
		}
		v.Still = true
		if _, err := resize.NewPlan(h, v, 0, s); err != nil {
			t.Errorf("%s,still: %v", ops, err)
		}
	}
}

// TestPlays: how often it is played, in both formats; 0 is for ever.
func TestPlays(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for count, want := range map[int]int{-1: 1, 0: 0, 1: 2, 7: 8} { // GIF counts the times after the first
		g := gif.GIF{LoopCount: count}
		for i := range 3 {
			m := image.NewPaletted(image.Rect(0, 0, 20, 20), color.Palette{color.NRGBA{uint8(100 * i), 0, 0, 255}, color.Black})
			g.Image, g.Delay = append(g.Image, m), append(g.Delay, 10)
		}
		var b bytes.Buffer
		if err := gif.EncodeAll(&b, &g); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{"f_gif", "f_webp"} {
			out, _ := makeOf(t, e, b.Bytes(), "10x,"+f)
			if got := filmOf(t, e, out); got.plays != want || len(got.frames) != 3 {
				t.Errorf("GIF of loop count %d, %s: played %d times, want %d", count, f, got.plays, want)
			}
		}
	}
}

// patchwork is a GIF of few frames of one colour each, that cover the screen in part, of
// any disposal, and rarely with a transparent colour.
func patchwork(t *testing.T, random *rand.Rand, colours int) []byte {
	t.Helper()
	g := gif.GIF{Config: image.Config{Width: 24, Height: 18}}
	for range 1 + random.IntN(4) {
		r := image.Rect(random.IntN(12), random.IntN(9), 12+random.IntN(13), 9+random.IntN(10))
		if random.IntN(3) == 0 {
			r = image.Rect(0, 0, 24, 18)
		}
		var p color.Palette
		for i := range colours {
			p = append(p, color.NRGBA{uint8(random.IntN(4) * 85), uint8(i), uint8(random.IntN(2) * 255), 255})
		}
		if random.IntN(4) == 0 {
			p[0] = color.NRGBA{}
		}
		m := image.NewPaletted(r, p)
		for i := range m.Pix {
			m.Pix[i] = uint8(random.IntN(min(colours, 255)))
		}
		g.Image, g.Delay = append(g.Image, m), append(g.Delay, 10*(1+len(g.Image)))
		g.Disposal = append(g.Disposal, byte(random.IntN(4)))
	}
	if random.IntN(2) == 0 {
		g.Config.ColorModel, g.BackgroundIndex = g.Image[0].Palette, byte(random.IntN(colours))
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestOpenGIF: what no frame of a GIF covers is transparent, and what is cleared, too.
func TestOpenGIF(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	random := rand.New(rand.NewPCG(8, 8))
	for n := range 60 {
		src := patchwork(t, random, []int{2, 5, 100, 256}[n%4])
		want := gifFilm(t, src)
		for i, frame := range want.frames {
			got := view(t, e, src, fmt.Sprintf("dpr_1,f_png,lossless,page_%d", i+1))
			if mean, worst := differ(t, got, frame); mean > 0 {
				t.Fatalf("GIF %d, frame %d of %d: %.2f off in the mean, %d at worst", n, i, len(want.frames), mean, worst)
			}
		}
		if out, p := makeOf(t, e, src, "dpr_1,f_webp,lossless"); p.Frames > 1 {
			got := filmOf(t, e, out)
			if len(got.frames) != len(want.frames) || !slices.Equal(got.delays, want.delays) {
				t.Fatalf("GIF %d: %d frames of %v, want %d of %v", n, len(got.frames), got.delays, len(want.frames), want.delays)
			}
			for i, frame := range got.frames {
				if mean, worst := differ(t, frame, want.frames[i]); mean > 0 {
					t.Fatalf("GIF %d as an animation, frame %d: %.2f off in the mean, %d at worst", n, i, mean, worst)
				}
			}
		}
	}
}
