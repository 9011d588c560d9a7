package cluster

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// A node finds another one by its name, and needs its token.
func TestPeersByName(t *testing.T) {
	t.Parallel()
	address := pinned.MustFreeAddress(t)
	_, port, err := net.SplitHostPort(address)
	e2e.Must(t, err)
	const token, wrong = "a-token-of-some-length", "another-token-of-some-length"
	start := func(admin, token string) *e2e.Server {
		s := e2e.Start(t, "--listen", "127.0.0.1:0", "--admin", admin, "--admin-token", token, "--peers", "dns+http://localhost:"+port,
			"--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
		s.AwaitAddresses(t)
		return s
	}
	told := start(address, token)
	await := func(s *e2e.Server, token, line string) {
		t.Helper()
		e2e.Eventually(t, line, func() bool {
			r := e2e.Get(t, s.Admin+"/metrics", "Authorization", "Bearer "+token)
			return strings.Contains(string(r.Body), "\n"+line+"\n")
		})
	}
	peer, stranger := start("127.0.0.1:0", token), start("127.0.0.1:0", wrong)
	await(peer, token, `thumbery_peers{state="reachable"} 1`)
	await(stranger, wrong, `thumbery_peers{state="unreachable"} 1`)
	if r := e2e.Ask(t, http.MethodDelete, told.Admin+"/cache/photos/cat.jpg", "Authorization", "Bearer "+token); r.Status != http.StatusOK {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	await(peer, token, `thumbery_invalidations_total{source="peer"} 1`)
	await(told, token, `thumbery_peers{state="reachable"} 0`) // it has found itself
	if r := e2e.Get(t, told.Admin+"/invalidations"); r.Status != http.StatusUnauthorized {
		t.Errorf("without the token: %d", r.Status)
	}
}
