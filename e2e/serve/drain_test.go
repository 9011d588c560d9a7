package serve

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
)

// While a server drains, a balancer that asks /readyz sends requests elsewhere: none fails,
// neither before it has noticed, nor when the server has gone.
func TestDrain(t *testing.T) {
	t.Parallel()
	source := "/=file:" + e2e.Testdata(t)
	one := e2e.Serve(t, "--source", source, "--cache", t.TempDir(), "--drain", "10s")
	other := e2e.Serve(t, "--source", source, "--cache", t.TempDir())
	var target atomic.Pointer[e2e.Server]
	target.Store(one)
	var requests atomic.Int64
	var clients sync.WaitGroup
	gone := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for {
				r, err := e2e.Do(http.MethodGet, target.Load().URL+"/60x/odd/gray.jpg")
				if err != nil || r.Status != http.StatusOK {
					t.Errorf("%d %v", r.Status, err)
					return
				}
				requests.Add(1)
				select {
				case <-gone:
					return
				case <-time.After(40 * time.Millisecond): // so that the machine has time for other tests
				}
			}
		})
	}
	e2e.Eventually(t, "there are requests", func() bool { return requests.Load() > 20 })
	one.Terminate(t)
	e2e.Eventually(t, "it is not ready", func() bool {
		return e2e.Get(t, one.Admin+"/readyz").Status == http.StatusServiceUnavailable
	})
	target.Store(other)
	res, err := e2e.Client.Get(one.URL + "/60x/odd/gray.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusOK || !res.Close {
		t.Errorf("while it drains: %s, and the connection stays open", res.Status)
	}
	if err := <-one.Done; err != nil {
		t.Errorf("exit: %v\n%s", err, one.Log)
	}
	close(gone)
	clients.Wait()
}

// A second signal ends a server that drains.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--drain", "1h", "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	s.Terminate(t)
	s.Log.AwaitText(t, "msg=stopping")
	s.EndNow(t)
}
