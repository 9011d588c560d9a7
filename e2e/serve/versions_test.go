package serve

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// A client that makes up versions of a picture gets few of them fetched and cached, or none
// with other limits.
func TestVersionsOfStrangers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		flags   []string
		fetched int
		refusal int
	}{
		"open":    {nil, 16, 429},
		"fewer":   {[]string{"--max-versions", "3"}, 3, 429},
		"sizes":   {[]string{"--sizes", "300"}, 0, 403},
		"presets": {[]string{"--presets-only", "--preset", "thumb=300x"}, 0, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := t.TempDir()
			s := e2e.Serve(t, append(tt.flags, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--hot", "64KiB")...)
			var mu sync.Mutex
			served := map[string]bool{}
			var all sync.WaitGroup
			for worker := range 4 {
				all.Go(func() {
					for i := range 40 {
						path := fmt.Sprintf([]string{"/raw,v_%d", "/300x,v_%d", "/info,v_%d"}[i%3]+"/odd/gray.jpg", 100*worker+i)
						r, err := e2e.Do(http.MethodGet, s.URL+path)
						if err != nil || r.Status != 200 && r.Status != tt.refusal {
							t.Errorf("%s: %d, %v", path, r.Status, err)
						}
						if r.Status == 200 {
							mu.Lock()
							served[path] = true
							mu.Unlock()
						}
					}
				})
			}
			all.Wait()
			if kept := len(e2e.Files(t, filepath.Join(cache, "originals"))); len(served) != tt.fetched || kept != tt.fetched {
				t.Errorf("%d versions were served and %d kept, want %d", len(served), kept, tt.fetched)
			}
			for path := range served {
				if r := e2e.Get(t, s.URL+path); r.Status != 200 {
					t.Errorf("%s, which is kept: %d", path, r.Status)
				}
			}
			if r := e2e.Get(t, s.URL+"/raw/odd/gray.jpg"); r.Status != 200 {
				t.Errorf("without a version: %d", r.Status)
			}
		})
	}
}
