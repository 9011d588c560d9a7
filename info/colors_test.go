package info

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"
)

// stripes is a picture of columns of colours, each so many pixels wide.
func stripes(height int, columns ...any) *image.NRGBA {
	var row []color.NRGBA
	for i := 0; i < len(columns); i += 2 {
		row = append(row, slices.Repeat([]color.NRGBA{columns[i].(color.NRGBA)}, columns[i+1].(int))...)
	}
	m := image.NewNRGBA(image.Rect(0, 0, len(row), height))
	for y := range height {
		for x, c := range row {
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

var (
	red   = color.NRGBA{255, 0, 0, 255}
	blue  = color.NRGBA{0, 0, 255, 255}
	green = color.NRGBA{0, 128, 0, 255}
	white = color.NRGBA{255, 255, 255, 255}
	black = color.NRGBA{0, 0, 0, 255}
	clear = color.NRGBA{0, 255, 0, 0}
)

func TestAverage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		m    *image.NRGBA
		want string
	}{
		"one colour":                 {stripes(3, red, 5), "#ff0000"},
		"two":                        {stripes(3, white, 5, black, 5), "#808080"},
		"transparent counts nothing": {stripes(3, red, 1, clear, 9), "#ff0000"},
		"nothing is visible":         {stripes(3, clear, 9), ""},
	} {
		if got := average(tt.m); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestDominant(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		m    *image.NRGBA
		want []Color
	}{
		"one colour":     {stripes(10, red, 5), []Color{{"#ff0000", 1}}},
		"four":           {stripes(10, red, 50, blue, 30, white, 15, green, 5), []Color{{"#ff0000", 0.5}, {"#0000ff", 0.3}, {"#ffffff", 0.15}, {"#008000", 0.05}}},
		"alpha":          {stripes(10, clear, 90, white, 6, black, 4), []Color{{"#ffffff", 0.6}, {"#000000", 0.4}}},
		"half seen":      {stripes(10, color.NRGBA{255, 0, 0, 85}, 60, blue, 20), []Color{{"#ff0000", 0.5}, {"#0000ff", 0.5}}},
		"too rare":       {stripes(10, red, 199, blue, 1), []Color{{"#ff0000", 0.995}}},
		"similar":        {stripes(10, red, 50, color.NRGBA{250, 5, 5, 255}, 50), []Color{{"#fc0303", 1}}},
		"nothing":        {stripes(10, clear, 9), []Color{}},
		"a single pixel": {stripes(1, blue, 1), []Color{{"#0000ff", 1}}},
	} {
		if got := dominant(tt.m); !slices.Equal(got, tt.want) || got == nil {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// Whatever the picture, there are few colours, the most frequent first, and the
// same each time.
func TestDominantOfManyColours(t *testing.T) {
	t.Parallel()
	m := pattern(100, 100, true)
	colors := dominant(m)
	sum := 0.0
	for i, c := range colors {
		sum += c.Share
		if i > 0 && c.Share > colors[i-1].Share {
			t.Errorf("%v are not in order", colors)
		}
	}
	if len(colors) < 3 || len(colors) > maxColors || sum < 0.5 || sum > 1.005 {
		t.Errorf("%v, %v in all", colors, sum)
	}
	if again := dominant(m); !slices.Equal(colors, again) {
		t.Errorf("%v, and then %v", colors, again)
	}
}

// The values are those of the table at https://bottosson.github.io/posts/oklab,
// of white, and of CSS Color 4 for sRGB red.
func TestOKLab(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ srgb, lab [3]float64 }{
		{[3]float64{1, 1, 1}, [3]float64{1, 0, 0}},
		{[3]float64{0, 0, 0}, [3]float64{0, 0, 0}},
		{[3]float64{1, 0, 0}, [3]float64{0.62796, 0.22486, 0.12585}},
	} {
		lab := toOKLab(tt.srgb)
		back := fromOKLab(lab)
		for i := range lab {
			if math.Abs(lab[i]-tt.lab[i]) > 1e-4 || math.Abs(back[i]-tt.srgb[i]) > 1e-4 {
				t.Errorf("%v: %v and back %v, want %v", tt.srgb, lab, back, tt.lab)
			}
		}
	}
}

func BenchmarkPure(b *testing.B) {
	m := pattern(100, 100, false)
	for name, f := range map[string]func(){
		"dominant": func() { dominant(m) }, "thumbhash": func() { thumbHash(m) },
		"blurhash": func() { _, _ = blurHash(m) }, "average": func() { average(m) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
}
