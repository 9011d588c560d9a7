package page

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
)

var screenshots = flag.String("screenshots", "", "directory for the screenshots of the README; none are made without it")

// TestScreenshots takes the screenshots of the README, with pictures and traffic that show
// something: make screenshots.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("-screenshots names no directory")
	}
	s := serve(t, "--max-size", "64MB")
	end := make(chan struct{})
	defer close(end)
	go busy(s.URL, end)
	watch := openWatch(t, s.Admin)
	p := browser().Open(t, s.Admin+"/ui/#play/640x420,fp_0.45_0.3,f_auto/photos/cat.jpg")
	p.Size(1280, 860)
	resolved(p, "640x420,fp_0.45_0.3,f_auto")
	p.Save(filepath.Join(*screenshots, "play.webp"))
	watch.Size(1280, 860)
	time.Sleep(100 * time.Second) // of history
	watch.Save(filepath.Join(*screenshots, "watch.webp"))
}

// busy sends what a site does: the same pictures again and again, and some that are new.
func busy(url string, end <-chan struct{}) {
	random := rand.New(rand.NewPCG(1, 2))
	pictures := []string{"cat", "city", "coast", "forest", "lake", "balloons", "portrait"}
	sizes := []string{"300x200", "600x,f_auto", "160x160", "1200x,q_70"}
	for i := 0; ; i++ {
		select {
		case <-end:
			return
		case <-time.After(time.Duration(5+random.IntN(30)*(1+i/200%3)) * time.Millisecond):
		}
		picture := pictures[min(int(random.ExpFloat64()*1.5), len(pictures)-1)]
		ops := sizes[random.IntN(len(sizes))]
		switch n := random.IntN(100); {
		case n < 6:
			ops = fmt.Sprintf("%dx%d,f_auto", 100+random.IntN(700), 100+random.IntN(500))
		case n == 6:
			picture = "gone"
		}
		_, _ = e2e.Do(http.MethodGet, url+"/"+ops+"/photos/"+picture+".jpg", "Accept", "image/webp")
	}
}
