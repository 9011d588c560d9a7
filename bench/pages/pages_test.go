package main

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// Crops of one photograph differ, lie inside, and stay large.
func TestCrop(t *testing.T) {
	for _, p := range []struct {
		w, h  int
		least float64 // megapixels
	}{{6000, 4000, 8}, {4272, 2848, 8}, {3840, 2160, 8}, {2400, 3334, 8}, {2880, 2160, 3.98}, {1365, 1074, 0.93}} {
		seen := map[[4]int]bool{}
		for k := range 6 {
			left, top, w, h := crop(p.w, p.h, k, 6)
			if left < 0 || top < 0 || w < 1 || h < 1 || left+w > p.w || top+h > p.h {
				t.Errorf("crop %d of %dx%d is %d,%d %dx%d", k, p.w, p.h, left, top, w, h)
			}
			if pixels := float64(w*h) / 1e6; pixels < p.least {
				t.Errorf("crop %d of %dx%d has %.2f megapixels, want %.2f", k, p.w, p.h, pixels, p.least)
			}
			seen[[4]int{left, top, w, h}] = true
		}
		if _, _, w, h := crop(p.w, p.h, 0, 6); w != p.w || h != p.h {
			t.Errorf("the first crop of %dx%d is %dx%d", p.w, p.h, w, h)
		}
		if p.w*p.h > large+100_000 && len(seen) != 6 {
			t.Errorf("%d different crops of %dx%d, want 6", len(seen), p.w, p.h)
		}
	}
	if _, _, w, h := crop(300, 200, 0, 1); w != 300 || h != 200 {
		t.Errorf("the only crop is %dx%d", w, h)
	}
}

func TestSrcset(t *testing.T) {
	options := srcset()
	if len(options) != 12 || options[0] != "1600x" || options[6] != "1600x,f_webp" || options[11] != "320x,f_webp" {
		t.Errorf("srcset is %q", options)
	}
	photos := []photo{{file: "x/1.jpg"}, {file: "x/2.jpg"}}
	paths := shuffled(photos)
	if !slices.Equal(paths, shuffled(photos)) {
		t.Error("the order is another one each time")
	}
	if len(paths) != 24 || !slices.Contains(paths, "/480x,f_webp/x/2.jpg") || slices.IsSorted(paths) {
		t.Errorf("the paths are %q", paths)
	}
}

func TestNearest(t *testing.T) {
	photos := []photo{{"a", 4000, 3000, false}, {"b", 6000, 4000, true}, {"c", 4000, 3100, true}, {"d", 1000, 1000, true}}
	if got := nearest(photos, twelve); got.file != "c" {
		t.Errorf("nearest is %v", got)
	}
	if got := nearest(photos[:1], twelve); got.file != "a" {
		t.Errorf("of baseline ones nearest is %v", got)
	}
}

func TestZipf(t *testing.T) {
	const n, draws = 1000, 200_000
	z, random, counts := newZipf(n, zipfS), rand.New(rand.NewPCG(1, 1)), make([]float64, n)
	for range draws {
		counts[z.draw(random)]++
	}
	sum := 0.0
	for k := range n {
		sum += math.Pow(float64(k+1), -zipfS)
	}
	for _, k := range []int{0, 1, 9, 99} {
		want := draws * math.Pow(float64(k+1), -zipfS) / sum
		if math.Abs(counts[k]-want) > 5*math.Sqrt(want) {
			t.Errorf("number %d was drawn %.0f times, want about %.0f", k, counts[k], want)
		}
	}
}

func TestSumOf(t *testing.T) {
	const metrics = `# HELP a_total x
a_total{outcome="disk",status="200"} 3
a_total{outcome="miss",status="200"} 1e+03
a_total{outcome="miss",status="404"} 7
a_total_other 5
b_count 12
`
	for _, tt := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"a_total", nil, 1010},
		{"a_total", []string{`status="200"`}, 1003},
		{"a_total", []string{`status="200"`, `outcome="miss"`}, 1000},
		{"b_count", nil, 12},
		{"none", nil, 0},
	} {
		if got, err := sumOf(metrics, tt.name, tt.labels...); got != tt.want || err != nil {
			t.Errorf("%s %q: %v, %v; want %v", tt.name, tt.labels, got, err, tt.want)
		}
	}
	if _, err := sumOf("a x\n", "a"); err == nil {
		t.Error("what is no number is taken for one")
	}
}

func TestWhole(t *testing.T) {
	for _, tt := range []struct {
		job job
		ok  bool
	}{
		{job{State: "done", Made: 5, There: 7}, true},
		{job{State: "done", Made: 5, There: 6}, false},
		{job{State: "done", Made: 11, Failed: 1, There: 1}, false},
		{job{State: "stopped", Made: 12}, false},
	} {
		if err := tt.job.whole(12); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.job, err)
		}
	}
}

// What is changed in nginx' configuration is there to be changed.
func TestEdited(t *testing.T) {
	data, err := os.ReadFile("../../deploy/nginx-cache.conf")
	if err != nil {
		t.Fatal(err)
	}
	conf := string(data)
	hot := edited(conf, "/tmp/kept", policy{"hot", "3"}, "")
	if strings.Contains(hot, "/var/cache/nginx/thumbery") || !strings.Contains(hot, "proxy_cache_path /tmp/kept ") ||
		!strings.Contains(hot, "proxy_ignore_headers") || strings.Contains(hot, "/static/") {
		t.Error("of what is hot: " + hot)
	}
	all := edited(conf, "/tmp/kept", policy{"everything", ""}, "/tmp/static")
	if strings.Contains(all, "proxy_ignore_headers") || !strings.Contains(all, "location /static/ { alias /tmp/static/;") {
		t.Error("of everything: " + all)
	}
}

func TestQuantile(t *testing.T) {
	all := []float64{4, 1, 3, 2, 5}
	for q, want := range map[float64]float64{0: 1, .5: 3, .9: 5, 1: 5} {
		if got := quantile(all, q); got != want {
			t.Errorf("%v of %v is %v, want %v", q, all, got, want)
		}
	}
	if got := quantile(nil, .5); got != 0 {
		t.Errorf("of none it is %v", got)
	}
}

func TestLua(t *testing.T) {
	if got := lua([]string{"/a", `/b"`}); !strings.Contains(got, `{"/a", "/b\""}`) {
		t.Errorf("lua is %s", got)
	}
}
