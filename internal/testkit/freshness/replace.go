package freshness

import (
	"fmt"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Report is what was seen while pictures were replaced: after their upload, and after a
// node was back.
type Report struct{ Uploaded, Back []Seen }

// Absence is how a node is away: what makes it leave, and what brings it back.
type Absence struct {
	Name        string
	Leave, Back func()
}

// Replace uploads new versions of all pictures while a node is away, which must not be the
// first one, and waits until everybody who is there has forgotten the old ones. Then the
// node comes back, and has to forget them, too. Meanwhile pictures are requested from
// Varnish and from the nodes.
func (s *Stack) Replace(t pinned.T, away int, a Absence) Report {
	t.Helper()
	there := []int{0, 3 - away}
	a.Leave()
	for n := range s.pictures {
		s.versions[n]++
	}
	uploaded := s.expect(time.Time{})
	stop := s.watch(uploaded, s.views(there...))
	for n := range s.pictures {
		s.put(t, n)
		uploaded.met(n)
	}
	s.settle(t, there...)
	r := Report{Uploaded: stop()}
	a.Back()
	stop = s.watch(s.expect(time.Now()), s.views(0, 1, 2))
	s.settle(t, 0, 1, 2)
	s.await(t, s.views()[0]) // not before: the balancer may have it wait for a node that hangs
	r.Back = stop()
	return r
}

// settle waits until nodes have forgotten all old versions, and have nothing to tell Varnish.
func (s *Stack) settle(t pinned.T, nodes ...int) {
	t.Helper()
	for _, v := range s.views(nodes...)[1:] {
		s.await(t, v)
	}
	for _, i := range nodes {
		until(t, fmt.Sprintf("node %d has purged Varnish", i+1), func() bool {
			waiting, err := s.Nodes[i].Sum(t.Context(), "thumbery_front_purge_waiting")
			return err == nil && waiting == 0
		})
	}
}

// await waits until a view shows no old version.
func (s *Stack) await(t pinned.T, v view) {
	t.Helper()
	for n := range s.pictures {
		for _, variant := range variants {
			until(t, fmt.Sprintf("%s shows version %d of picture %d", v.name, s.versions[n], n), func() bool {
				version, err := s.look(t.Context(), v, variant, n)
				return err == nil && version == s.versions[n]
			})
		}
	}
}

// limit is how long anything may take on a busy machine.
const limit = 2 * time.Minute

func until(t pinned.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(25 * time.Millisecond) // a metric costs more than a picture
	}
}
