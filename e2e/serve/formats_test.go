package serve

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// Originals of a format that is not enabled are refused by their first bytes: they stay in
// the cache, /raw serves them, and they do not reach libvips.
func TestFormats(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"gray.jpg": "jpeg", "alpha.png": "png", "alpha.webp": "webp", "photo.avif": "avif", "scene.heic": "heic", "animated.gif": "gif",
		"lzw.tif": "tiff", "scene.jxl": "jxl", "drawing.svg": "svg", "uses.svg": "svg", "laughs.svg": "svg", "scene.jp2": "jp2", "pages.pdf": "pdf",
	}
	for _, c := range []struct {
		flags []string
		read  string
	}{
		{nil, "jpeg png webp avif heic gif tiff jxl svg"},
		{[]string{"--svg", "--jp2", "--no-svg"}, "jpeg png webp avif heic gif tiff jxl jp2"},
		{[]string{"--formats", "webp,avif", "--svg"}, "webp avif svg"},
	} {
		t.Run(strings.Join(c.flags, " "), func(t *testing.T) {
			t.Parallel()
			cache := t.TempDir()
			s := e2e.Serve(t, append([]string{"--source", "/=file:" + e2e.Testdata(t), "--cache", cache}, c.flags...)...)
			refused := 0
			for file, format := range files {
				read := strings.Contains(" "+c.read+" ", " "+format+" ")
				if read && strings.HasSuffix(file, "s.svg") {
					continue // refused for what is in it, one after seconds
				}
				r := e2e.Get(t, fmt.Sprintf("%s/20x,f_png/odd/%s", s.URL, file))
				switch {
				case read && r.Status != 200:
					t.Errorf("%v, %s: %d %s", c.flags, file, r.Status, r.Body)
				case !read:
					refused++
					e2e.WantProblem(t, file, r, 415, "not-a-picture", "")
					e2e.WantProblem(t, file, e2e.Get(t, s.URL+"/info/odd/"+file), 415, "not-a-picture", "")
					raw := e2e.Get(t, s.URL+"/raw/odd/"+file)
					if want := read1(t, file); string(raw.Body) != string(want) {
						t.Errorf("%v, %s: %d, %d bytes instead of %d", c.flags, file, raw.Status, len(raw.Body), len(want))
					}
					e2e.WantCache(t, raw, e2e.HitDisk)
				}
			}
			if refused == 0 {
				t.Errorf("%v: nothing was refused", c.flags)
			}
		})
	}
}

func read1(t *testing.T, file string) []byte {
	t.Helper()
	return e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", file))
}
