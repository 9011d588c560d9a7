package serve

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// Everybody can reach the page of the demo. However many watch it, the administrator's page has its own limits.
func TestDemoLimits(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(e2e.Binary, "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--cache", t.TempDir())
	cmd.Dir = filepath.Dir(e2e.Testdata(t))
	s := e2e.StartCmd(t, cmd)
	s.AwaitAddresses(t)
	client := &http.Client{Timeout: e2e.Limit}
	watch := func(url string) int {
		res, err := client.Get(url + "/ui/api/events")
		e2e.Must(t, err)
		t.Cleanup(func() { res.Body.Close() })
		return res.StatusCode
	}
	streams := 0
	for ; streams < 100 && watch(s.URL) == http.StatusOK; streams++ {
	}
	if status := watch(s.URL); streams == 0 || status != http.StatusServiceUnavailable {
		t.Errorf("%d streams, then %d", streams, status)
	}
	if status := watch(s.Admin); status != http.StatusOK {
		t.Errorf("the administrator gets %d", status)
	}
}
