package cluster

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/balancer"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

const deployCluster = "../../deploy/cluster"

// withEach runs a test with each balancer that is installed.
func withEach(t *testing.T, test func(t *testing.T, kind balancer.Kind)) {
	for _, kind := range balancer.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			pinned.NotShort(t)
			if kind.Program() == "" {
				t.Skipf("there is no %s; tools/install.sh test installs it", kind.Name)
			}
			test(t, kind)
		})
	}
}

// tags are the headers that --tag-header may add.
var tags = []string{"Cache-Tag", "Surrogate-Key", "Xkey"}

// fakes are nodes that answer health checks as Thumbery does, and every other path with 200.
func fakes(t *testing.T, count int) []balancer.Node {
	t.Helper()
	return fakesWith(t, count, map[string]int{"/": http.StatusBadRequest})
}

// fakesWith are nodes that answer some paths with these statuses.
func fakesWith(t *testing.T, count int, statuses map[string]int) (nodes []balancer.Node) {
	t.Helper()
	for range count {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, tag := range tags {
				w.Header().Set(tag, "0123")
			}
			if status := statuses[r.URL.Path]; status != 0 {
				w.WriteHeader(status)
			}
		}))
		t.Cleanup(s.Close)
		address := s.Listener.Addr().String()
		nodes = append(nodes, balancer.Node{Public: address, Admin: address})
	}
	return nodes
}

// Tags are passed on, and hidden with the lines for that.
func TestTags(t *testing.T) {
	t.Parallel()
	withEach(t, func(t *testing.T, kind balancer.Kind) {
		for _, hide := range []bool{false, true} {
			b := kind.Start(t, balancer.Config{Dir: deployCluster, Edit: func(text string) string {
				if hide {
					text = strings.ReplaceAll(text, "#notags ", "")
				}
				return balancer.Patient(text)
			}}, fakes(t, 3)...)
			r := e2e.Get(t, "http://"+b.Address+"/300x/cat.jpg")
			for _, tag := range tags {
				if hidden := r.Header.Get(tag) == ""; hidden != hide || r.Status != http.StatusOK {
					t.Errorf("%d; %s is hidden: %t, want %t", r.Status, tag, hidden, hide)
				}
			}
		}
	})
}

// server is the node that a balancer sends a path to, as requested by a host name.
func server(t *testing.T, b *balancer.Balancer, host, path string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+b.Address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := e2e.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d", path, res.StatusCode)
	}
	return b.Server(res.Header.Get("X-Served-By"))
}

// spellings are URLs of one picture.
var spellings = []string{
	"/raw/%s", "/info/%s", "/200x200,g_smart,f_auto/%s", "/300x/%s?a=/b/c", "/s.k1.AbC_-9/300x/%s", "/s.k1.AbC_-9.1999999999/640x,f_webp/%s?",
	"/s.k1.AbC_-9/info/%s", "/s.k1.AbC_-9~320x~640x,~dpr_2,f_auto/640x,f_auto/%s", "/s.k1.AbC_-9.1999999999~sizes/300x/%s",
}

// encoded are URLs of the picture in which what need not be is percent-encoded.
var encoded = []string{"/300x/%%70%s", "/%%33%%30%%30x/p%s", "/%%73.k1.AbC_-9/300x/p%s"}

// All variants of a picture go to one node, and pictures to all nodes.
func TestOneNodeForAPicture(t *testing.T) {
	t.Parallel()
	withEach(t, func(t *testing.T, kind balancer.Kind) {
		b := kind.Start(t, balancer.Config{Dir: deployCluster, Edit: balancer.Patient}, fakes(t, 3)...)
		var counts [3]int
		elsewhere := 0
		for n := range 60 {
			rest := fmt.Sprintf("/s.%d/x/%d+%%20.jpg", n%7, n)
			at := server(t, b, "a.example", "/300x/p"+rest)
			counts[at]++
			for _, format := range spellings {
				path := fmt.Sprintf(format, "p"+rest)
				if got := server(t, b, "b.example:8080", path); got != at {
					t.Errorf("%s goes to node %d, and /300x/ of the picture to %d", path, got, at)
				}
			}
			for _, format := range encoded {
				if server(t, b, "a.example", fmt.Sprintf(format, rest)) != at {
					elsewhere++
				}
			}
		}
		if min(counts[0], counts[1], counts[2]) < 6 {
			t.Errorf("pictures on the nodes: %v", counts)
		}
		// What docs/balancers.md says of percent-encoding.
		if decodes := kind.Name != "varnish"; decodes != (elsewhere == 0) {
			t.Errorf("%d spellings with percent-encoding go to another node", elsewhere)
		}
		for _, path := range []string{"/favicon.ico", "/300x/", "/s.k1.AbC_-9/300x", "//"} { // no picture: any node
			server(t, b, "a.example", path)
		}
	})
}

// With the lines for it, all that is requested by a host name goes to one node.
func TestOneNodeForASite(t *testing.T) {
	t.Parallel()
	withEach(t, func(t *testing.T, kind balancer.Kind) {
		b := kind.Start(t, balancer.Config{Dir: deployCluster, Edit: func(text string) string {
			text = strings.Replace(text, "    hash $thumbery_picture consistent;\n", "", 1)
			return balancer.Patient(pinned.Edit(t, text, "#site ", ""))
		}}, fakes(t, 3)...)
		var counts [3]int
		for n := range 40 {
			host := fmt.Sprintf("www.site-%d.example", n)
			at := server(t, b, host, "/300x/cat.jpg")
			counts[at]++
			for _, other := range []string{host + ":8443", strings.ToUpper(host)} {
				if got := server(t, b, other, fmt.Sprintf("/s.k1.AbC/200x/%d.jpg", n)); got != at {
					t.Errorf("%s goes to node %d, and %s to %d", other, got, host, at)
				}
			}
		}
		if min(counts[0], counts[1], counts[2]) < 3 {
			t.Errorf("sites on the nodes: %v", counts)
		}
	})
}

// If the checks of all nodes fail, all get requests: better than none.
func TestNoCheckPasses(t *testing.T) {
	t.Parallel()
	withEach(t, func(t *testing.T, kind balancer.Kind) {
		b := kind.Start(t, balancer.Config{Dir: deployCluster}, fakesWith(t, 3, map[string]int{"/": 500, "/readyz": 503})...)
		e2e.Eventually(t, "no node is up", func() bool { return !slices.Contains(b.States(), balancer.Up) })
		var counts [3]int
		for n := range 30 {
			counts[server(t, b, "a.example", fmt.Sprintf("/300x/%d.jpg", n))]++
		}
		if min(counts[0], counts[1], counts[2]) == 0 {
			t.Errorf("pictures on the nodes: %v", counts)
		}
	})
}

// With the line for it, HAProxy sends what is too much for a node to another one.
func TestBoundedLoad(t *testing.T) {
	t.Parallel()
	kind := balancer.Named("haproxy")
	if kind.Program() == "" {
		t.Skip("there is no haproxy; tools/install.sh test installs it")
	}
	for bounded, want := range map[bool]int{false: 1, true: 4} {
		t.Run(fmt.Sprint(bounded), func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			reached := make(chan string, 8)
			hold := func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/300x/cat.jpg" {
					reached <- r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()
					<-release
				}
			}
			var nodes []balancer.Node
			for range 4 {
				s := httptest.NewServer(http.HandlerFunc(hold))
				t.Cleanup(s.Close)
				nodes = append(nodes, balancer.Node{Public: s.Listener.Addr().String(), Admin: s.Listener.Addr().String()})
			}
			b := kind.Start(t, balancer.Config{Dir: deployCluster, Edit: func(text string) string {
				if !bounded {
					return balancer.Patient(text)
				}
				return balancer.Patient(pinned.Edit(t, text, "#bounded hash-balance-factor 300", "hash-balance-factor 120"))
			}}, nodes...)
			by := map[string]bool{}
			var all sync.WaitGroup
			for range cap(reached) { // one after the other, so that HAProxy counts each
				all.Go(func() { _, _ = e2e.Do(http.MethodGet, "http://"+b.Address+"/300x/cat.jpg") })
				by[<-reached] = true
			}
			close(release)
			all.Wait()
			if len(by) != want {
				t.Errorf("%d nodes got the requests for a picture, want %d", len(by), want)
			}
		})
	}
}
