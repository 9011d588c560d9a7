package e2e

import (
	"fmt"
	"sync"
	"testing"
)

// Each of many requests for a broken original finds out for itself, and forgets it
// under the others, who must not take that for a failure of ours.
func TestBrokenAtOnce(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir(), "--svg")
	var all sync.WaitGroup
	for width := range 40 {
		all.Go(func() {
			for _, name := range []string{"truncated.jpg", "truncated.png", "laughs.svg"} {
				if r := get(t, fmt.Sprintf("%s/%dx/odd/%s", s.url, 50+width, name)); r.status != 422 {
					t.Errorf("%s: %d %s", name, r.status, r.body)
				}
			}
		})
	}
	all.Wait()
}
