package peers

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/variant"
)

// network connects nodes without sockets, so that tests can have synthetic time.
type network struct {
	mu    sync.Mutex
	nodes map[string]http.Handler // by host; nil does not answer
	slow  time.Duration           // how long answers are under way
}

func (n *network) setSlow(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.slow = d
}

func (n *network) delay() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.slow
}

func (n *network) connect(host string, h http.Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.nodes[host] = h
}

// RoundTrip implements http.RoundTripper.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	h, known := n.nodes[r.URL.Host]
	n.mu.Unlock()
	if !known {
		return nil, errors.New("connection refused")
	}
	if h == nil {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	time.Sleep(n.delay())
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// node is one with a cache directory, and may run.
type node struct {
	*Peers
	dir  string
	lost atomic.Uint64
	slow time.Duration // what it takes to forget a picture
	stop func()

	mu        sync.Mutex
	forgotten []string
}

// start starts a node that follows the peers of source.
func (n *network) start(t *testing.T, dir, host, source string, configure ...func(*invalidation.Options, *Peers)) *node {
	t.Helper()
	s, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	a := &node{dir: dir}
	options := invalidation.Options{Log: slog.New(slog.DiscardHandler), NoSync: true, Lost: func(n uint64) { a.lost.Add(n) }}
	a.Peers = New(Config{Source: s, Token: "secret", Logger: options.Log, Forget: a.forget})
	a.client.Transport = n
	for _, c := range configure {
		c(&options, a.Peers)
	}
	if a.Log, err = invalidation.New(dir, options); err != nil {
		t.Fatal(err)
	}
	n.connect(host, Handler(a.Log))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go a.Log.Watch(ctx)
	go func() { defer close(ended); a.Run(ctx) }()
	a.stop = func() {
		n.mu.Lock()
		delete(n.nodes, host)
		n.mu.Unlock()
		cancel()
		<-ended
	}
	return a
}

func (a *node) forget(k variant.Key) error {
	time.Sleep(a.slow)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgotten = append(a.forgotten, string(k))
	return nil
}

func (a *node) append(t *testing.T, keys ...variant.Key) {
	t.Helper()
	if err := a.Log.Append(t.Context(), keys...); err != nil {
		t.Fatal(err)
	}
}

// want checks what was forgotten since the last time.
func (a *node) want(t *testing.T, keys string) {
	t.Helper()
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if got := strings.Join(a.forgotten, " "); got != keys {
		t.Errorf("forgotten: %q, want %q", got, keys)
	}
	a.forgotten = nil
}

// wantRelayed checks which events of peers are in the log, and which of them were late.
func (a *node) wantRelayed(t *testing.T, keys string) {
	t.Helper()
	b, err := a.Log.After(t.Context(), invalidation.Cursor{}, 1000)
	var got []string
	for _, e := range b.Events {
		if e.Relayed {
			got = append(got, string(e.Key)+map[bool]string{true: " late"}[e.Late])
		}
	}
	slices.Sort(got) // those of several peers
	if s := strings.Join(got, " "); err != nil || s != keys {
		t.Errorf("relayed: %q, want %q, %v", s, keys, err)
	}
}

func TestNodesHear(t *testing.T) {
	t.Parallel()
	dirs := [3]string{t.TempDir(), t.TempDir(), t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		n := &network{nodes: map[string]http.Handler{}}
		const list = "http://a:1, http://b:1,http://c:1/"
		a, b := n.start(t, dirs[0], "a:1", list), n.start(t, dirs[1], "b:1", list)
		c := n.start(t, dirs[2], "c:1", list)
		time.Sleep(time.Minute)
		if s := a.State(); s != (State{Reachable: 2}) {
			t.Errorf("state %+v", s)
		}
		a.append(t, "1", "2")
		time.Sleep(gather)
		b.want(t, "1 2")
		c.want(t, "1 2")
		a.want(t, "")
		b.append(t, "3")
		time.Sleep(gather)
		a.want(t, "3")
		b.wantRelayed(t, "1 2")

		// A node that does not answer hears what it has missed when it is back, by whatever
		// address, and tells the caches in front of it, and nobody else.
		n.connect("b:1", nil)
		b.stop()
		a.append(t, "4")
		c.append(t, "5")
		time.Sleep(10 * time.Minute)
		a.want(t, "5")
		c.want(t, "3 4")
		if s := a.State(); s.Reachable != 1 || s.Unreachable != 1 {
			t.Errorf("state %+v", s)
		}
		b = n.start(t, dirs[1], "b:2", list)
		b.append(t, "6")
		time.Sleep(time.Second)
		synctest.Wait()
		b.mu.Lock()
		slices.Sort(b.forgotten)
		b.mu.Unlock()
		b.want(t, "4 5")
		b.wantRelayed(t, "1 2 4 late 5 late")
		time.Sleep(time.Minute)
		a.want(t, "")
		n.connect("b:1", Handler(b.Log))
		time.Sleep(maxPause)
		a.want(t, "6")
		c.want(t, "6")
		a.wantRelayed(t, "3 5 6 late")

		// A partition that drops packets.
		synctest.Wait()
		n.connect("c:1", nil)
		time.Sleep(hold)
		c.append(t, "7")
		time.Sleep(10 * time.Minute)
		a.want(t, "")
		n.connect("c:1", Handler(c.Log))
		time.Sleep(requestTimeout + maxPause)
		a.want(t, "7")
		for _, one := range []*node{a, b, c} {
			one.stop()
		}
	})
}

// What an answer tells has the age that it has when it arrives: it may have waited for a node
// that hung, and that has since told a cache in front of an old picture.
func TestAnswerUnderWay(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		n := &network{nodes: map[string]http.Handler{}}
		const list = "http://a:1,http://b:1"
		a, b := n.start(t, dirs[0], "a:1", list), n.start(t, dirs[1], "b:1", list)
		time.Sleep(time.Minute)
		n.setSlow(2 * time.Second)
		a.append(t, "1")
		time.Sleep(time.Second)
		b.want(t, "")
		time.Sleep(2 * time.Second)
		b.want(t, "1")
		n.setSlow(0)
		time.Sleep(time.Minute)
		a.append(t, "2")
		time.Sleep(time.Second)
		b.want(t, "2")
		b.wantRelayed(t, "1 late 2")
		for _, one := range []*node{a, b} {
			one.stop()
		}
	})
}

// With DNS, following a peer begins and ends with its address.
func TestAddresses(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		n := &network{nodes: map[string]http.Handler{}}
		var answer []netip.Addr
		var failure error
		resolver := func(_ *invalidation.Options, p *Peers) {
			p.lookUp = func(_ context.Context, network, host string) ([]netip.Addr, error) {
				if network != "ip" || host != "nodes" {
					t.Errorf("looked up %s %s", network, host)
				}
				n.mu.Lock()
				defer n.mu.Unlock()
				return answer, failure
			}
		}
		addresses := func(err error, list ...string) {
			n.mu.Lock()
			defer n.mu.Unlock()
			answer, failure = nil, err
			for _, one := range list {
				answer = append(answer, netip.MustParseAddr(one))
			}
		}
		addresses(nil, "10.0.0.1", "10.0.0.2")
		a := n.start(t, dirs[0], "10.0.0.1:8081", "dns+http://nodes:8081", resolver)
		b := n.start(t, dirs[1], "10.0.0.2:8081", "dns+http://nodes:8081", resolver)
		step := func(what string, want State) {
			t.Helper()
			time.Sleep(2 * requestTimeout)
			synctest.Wait()
			if s := a.State(); s != want {
				t.Errorf("%s: %+v", what, s)
			}
		}
		step("two", State{Reachable: 1})
		n.connect("[fd00::2]:8081", Handler(b.Log))
		addresses(nil, "10.0.0.1", "10.0.0.2", "fd00::2", "10.0.0.3", "::ffff:10.0.0.3")
		step("one has two addresses, and one does not exist", State{Reachable: 1, Unreachable: 1})
		b.append(t, "1")
		time.Sleep(gather)
		a.want(t, "1")
		addresses(nil, "fd00::2")
		time.Sleep(maxPause)
		step("another address", State{Reachable: 1})
		addresses(errors.New("no DNS server"))
		step("no answer", State{Reachable: 1})
		addresses(&net.DNSError{IsNotFound: true})
		step("no such name", State{Reachable: 1})
		var many []string
		for i := range 2 * maxPeers {
			many = append(many, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String())
		}
		addresses(nil, many...)
		step("too many", State{Reachable: 1, Unreachable: maxPeers - 2})
		a.stop()
		b.stop()
	})
}

// A log that lacks what a node has missed says so, and the rest is applied.
func TestLost(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		n := &network{nodes: map[string]http.Handler{}}
		a := n.start(t, dirs[0], "a:1", "http://b:1")
		a.append(t, "1", "2")
		end, err := a.Log.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := n.start(t, dirs[1], "b:1", "")
		b.Log.SaveCursor(end.Log, invalidation.Cursor{Log: end.Log, Seq: 9})
		b.stop()
		b = n.start(t, dirs[1], "b:1", "http://a:1")
		time.Sleep(time.Second)
		b.want(t, "1 2")
		if n := b.lost.Load(); n != 1 {
			t.Errorf("%d lost", n)
		}
		a.stop()
		b.stop()
	})
}

// A node with a new cache does not forget what was appended before anything was in it.
func TestEmptyCache(t *testing.T) {
	t.Parallel()
	dirs := [3]string{t.TempDir(), t.TempDir(), t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		n := &network{nodes: map[string]http.Handler{}}
		a := n.start(t, dirs[0], "a:1", "")
		a.append(t, "old")
		time.Sleep(time.Hour)
		a.append(t, "1")
		time.Sleep(time.Second)
		empty := func(o *invalidation.Options, _ *Peers) { o.Empty = true }
		b, c := n.start(t, dirs[1], "b:1", "http://a:1", empty), n.start(t, dirs[2], "c:1", "http://a:1")
		a.append(t, "2")
		time.Sleep(time.Second)
		b.want(t, "1 2")
		c.want(t, "old 1 2")
		for _, one := range []*node{a, b, c} {
			one.stop()
		}
	})
}

// What is not the answer of a peer is an error, also a redirect, which would take the token
// elsewhere.
func TestAsk(t *testing.T) {
	t.Parallel()
	var handler http.HandlerFunc
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.URL.RequestURI() != "/invalidations?after=7&log="+testLog {
			t.Errorf("%s with %v", r.URL, r.Header)
		}
		handler(w, r)
	}))
	defer server.Close()
	s, err := Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{Peers: New(Config{Source: s, Token: "secret"}), base: server.URL, at: invalidation.Cursor{Log: testLog, Seq: 7}}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		ok      bool
	}{
		"answer": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"log":"` + testLog + `","next":7}`))
		}, true},
		"redirect": {http.RedirectHandler(elsewhere.URL, http.StatusFound).ServeHTTP, false},
		"refused":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, false},
		"other":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, false},
	} {
		handler = tt.handler
		if a, err := p.ask(t.Context()); (err == nil) != tt.ok {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// A node that was told in time, and has forgotten late, has the caches in front purged again:
// it was stopped for a while, or has forgotten much before.
func TestForgetsLate(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		n := &network{nodes: map[string]http.Handler{}}
		a := n.start(t, dirs[0], "a:1", "http://b:1")
		b := n.start(t, dirs[1], "b:1", "http://a:1")
		time.Sleep(time.Second)
		b.slow = late/2 + time.Millisecond
		a.append(t, "1", "2")
		time.Sleep(time.Minute)
		b.want(t, "1 2")
		b.wantRelayed(t, "1 2 late")
		a.stop()
		b.stop()
	})
}

// copiedCache returns a network, and has the second directory be a copy of the first, in whose
// log is an event.
func copiedCache(t *testing.T, dirs [2]string) *network {
	t.Helper()
	n := &network{nodes: map[string]http.Handler{}}
	a := n.start(t, dirs[0], "a:1", "")
	a.append(t, "1")
	a.stop()
	if err := os.CopyFS(dirs[1], os.DirFS(dirs[0])); err != nil {
		t.Fatal(err)
	}
	return n
}

// A node whose cache directory is a copy of another's has a log of its own.
func TestCopiedDirectory(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		n := copiedCache(t, dirs)
		a := n.start(t, dirs[0], "a:1", "http://a:1,http://b:1")
		b := n.start(t, dirs[1], "b:1", "http://a:1,http://b:1")
		time.Sleep(time.Minute)
		a.append(t, "2")
		b.append(t, "3")
		time.Sleep(time.Second)
		a.want(t, "3")
		b.want(t, "1 2")
		a.stop()
		b.stop()
	})
}

// A log that was copied with the blocks of a disk, so that it looks like the original, is not
// taken for the own one.
func TestCopiedDisk(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		n := copiedCache(t, dirs)
		pretendOriginal(t, dirs[1])
		a := n.start(t, dirs[0], "a:1", "http://a:1,http://b:1")
		b := n.start(t, dirs[1], "b:1", "")
		b.append(t, "2")
		time.Sleep(time.Minute)
		if s := a.State(); s != (State{Unreachable: 1}) {
			t.Errorf("%+v", s)
		}
		a.want(t, "")
		a.stop()
		b.stop()
	})
}

// pretendOriginal makes a copied log that of its directory.
func pretendOriginal(t *testing.T, cacheDir string) {
	t.Helper()
	dir := filepath.Join(cacheDir, invalidation.Directory)
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "00000000000000000001.log")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header, events, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(header)
	fields[len(fields)-1] = strconv.FormatUint(st.Ino, 10)
	if err := os.WriteFile(path, []byte(strings.Join(fields, " ")+"\n"+events), 0o600); err != nil {
		t.Fatal(err)
	}
}
