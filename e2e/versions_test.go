package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
)

// One client that makes up versions of a picture has few of them fetched and kept, or
// none where it is limited otherwise.
func TestVersionsOfStrangers(t *testing.T) {
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
			cache := t.TempDir()
			s := serve(t, append(tt.flags, "--source", "/=file:"+testdata(t), "--cache", cache, "--hot", "64KiB")...)
			var mu sync.Mutex
			served := map[string]bool{}
			var all sync.WaitGroup
			for worker := range 4 {
				all.Go(func() {
					for i := range 40 {
						path := fmt.Sprintf([]string{"/raw,v_%d", "/300x,v_%d", "/info,v_%d"}[i%3]+"/odd/gray.jpg", 100*worker+i)
						r, err := do(http.MethodGet, s.url+path)
						if err != nil || r.status != 200 && r.status != tt.refusal {
							t.Errorf("%s: %d, %v", path, r.status, err)
						}
						if r.status == 200 {
							mu.Lock()
							served[path] = true
							mu.Unlock()
						}
					}
				})
			}
			all.Wait()
			if kept := len(files(t, filepath.Join(cache, "originals"))); len(served) != tt.fetched || kept != tt.fetched {
				t.Errorf("%d versions were served and %d kept, want %d", len(served), kept, tt.fetched)
			}
			for path := range served {
				if r := get(t, s.url+path); r.status != 200 {
					t.Errorf("%s, which is kept: %d", path, r.status)
				}
			}
			if r := get(t, s.url+"/raw/odd/gray.jpg"); r.status != 200 {
				t.Errorf("without a version: %d", r.status)
			}
		})
	}
}
