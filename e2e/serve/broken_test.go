package serve

import (
	"fmt"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// Many concurrent requests for a broken original each detect it and drop it from the cache
// under the others, which must not become internal errors.
func TestBrokenAtOnce(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--svg")
	var all sync.WaitGroup
	for width := range 40 {
		all.Go(func() {
			for _, name := range []string{"truncated.jpg", "truncated.png", "laughs.svg"} {
				if r := e2e.Get(t, fmt.Sprintf("%s/%dx/odd/%s", s.URL, 50+width, name)); r.Status != 422 {
					t.Errorf("%s: %d %s", name, r.Status, r.Body)
				}
			}
		})
	}
	all.Wait()
}
