package cluster

import (
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/balancer"
	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/outage"
)

const (
	pictures = 48
	clients  = 16
	rate     = 40 // requests each second, while nodes come and go
)

// scene is a cluster behind a balancer.
type scene struct {
	kind     string
	cluster  *cluster.Cluster
	balancer *balancer.Balancer
	network  *cluster.Network // nil if there can be none
	home     *balancer.Tour   // where the pictures are while all is well
	victim   int              // the node that has most pictures
}

// In front of three nodes, whatever happens to one of them, users see nothing of it, only its
// pictures move, and they are found at their place afterwards.
func TestNodesThatFail(t *testing.T) {
	t.Parallel()
	withEach(t, func(t *testing.T, kind balancer.Kind) {
		s := newScene(t, kind)
		s.once(t)
		s.kill(t)
		s.pause(t)
		s.partition(t)
		s.add(t)
		s.roll(t)
		for i, n := range s.cluster.Nodes {
			for key, count := range n.Fetches() {
				if count > 1 {
					t.Errorf("node %d has fetched %s %d times", i, key, count)
				}
			}
		}
	})
}

func newScene(t *testing.T, kind balancer.Kind) *scene {
	t.Helper()
	s := &scene{kind: kind.Name}
	var err error
	if s.network, err = cluster.NewNetwork(t); err != nil {
		t.Logf("no partition: %v", err)
	}
	originals := map[string][]byte{}
	for n := range pictures {
		originals[outage.Key(n)] = outage.Picture(n, 120, 80)
	}
	s.cluster = e2e.Nodes(t, 3, originals, cluster.Config{Binary: e2e.Shipped(t), Network: s.network, Args: func(*cluster.Node, []*cluster.Node) []string {
		return []string{"--drain", "1s"}
	}})
	var nodes []balancer.Node
	for _, n := range s.cluster.Nodes {
		nodes = append(nodes, balancer.Node{Public: n.Public, Admin: n.Admin})
	}
	s.balancer = kind.Start(t, balancer.Config{Dir: deployCluster, Edit: balancer.Patient}, nodes...)
	s.await(t, balancer.Up)
	return s
}

// once: each original is fetched once, and each derivative made once.
func (s *scene) once(t *testing.T) {
	t.Helper()
	s.home = s.balancer.Tour(t.Context(), pictures, clients)
	s.victim = s.home.Busiest()
	wantServed(t, s.home, "at first")
	fetches := s.cluster.Fetches()
	for key, count := range fetches {
		if count != 1 {
			t.Errorf("%s was fetched %d times", key, count)
		}
	}
	made, err := s.cluster.Sum(t.Context(), "thumbery_resize_seconds_count")
	if err != nil || len(fetches) != pictures || made != pictures*balancer.Variants || s.home.Split != 0 {
		t.Errorf("%d originals fetched, %v derivatives made, %v; %d answers by another node", len(fetches), made, err, s.home.Split)
	}
}

// kill: a node is killed under load, and started again.
func (s *scene) kill(t *testing.T) {
	t.Helper()
	load := s.balancer.Load(t.Context(), pictures, rate)
	s.cluster.Nodes[s.victim].Kill()
	away := s.balancer.Tour(t.Context(), pictures, clients)
	s.wantOthersUnmoved(t, away)
	s.cluster.Nodes[s.victim].Start(t)
	s.wantHome(t)
	wantServed(t, load.Stop(), "while a node was killed and started again")
}

// pause: a node is stopped with SIGSTOP, and continued. nginx cannot notice that.
func (s *scene) pause(t *testing.T) {
	t.Helper()
	if s.kind == "nginx" {
		return
	}
	n := s.cluster.Nodes[s.victim]
	n.Pause()
	defer n.Resume()
	s.await(t, balancer.Down) // what was sent by then gets no answer
	s.wantOthersUnmoved(t, s.balancer.Tour(t.Context(), pictures, clients))
	n.Resume()
	s.wantHome(t)
}

// partition: all packets from and to a node are dropped, and no longer.
func (s *scene) partition(t *testing.T) {
	t.Helper()
	if s.network == nil {
		return
	}
	n := s.cluster.Nodes[s.victim]
	n.Partition(t)
	s.await(t, balancer.Down)
	away := s.balancer.Tour(t.Context(), pictures, clients)
	if s.kind == "nginx" { // what it has sent on open connections gets no answer
		const keepalive = 16
		if len(away.Failures) > keepalive {
			t.Errorf("%s", balancer.String(away.Failures))
		}
		away = s.balancer.Tour(t.Context(), pictures, clients)
	}
	s.wantOthersUnmoved(t, away)
	n.Heal(t)
	s.wantHome(t)
	e2e.Eventually(t, "the node reaches its origin again", func() bool {
		body, err := n.Get(t.Context(), "/readyz")
		return err == nil && strings.Contains(string(body), `"degraded":false`)
	})
}

// add: a fourth node is added under load. Pictures move to it, and none elsewhere.
func (s *scene) add(t *testing.T) {
	t.Helper()
	load := s.balancer.Load(t.Context(), pictures, rate)
	n := s.cluster.Add(t)
	s.balancer.Reload(t, balancer.Node{Public: n.Public, Admin: n.Admin})
	next := 0
	e2e.Eventually(t, "the fourth node serves pictures", func() bool {
		next++
		return s.balancer.Where(t.Context(), next%pictures) == 3
	})
	var now *balancer.Tour
	e2e.Eventually(t, "nothing serves by the old configuration", func() bool {
		now = s.balancer.Tour(t.Context(), pictures, clients)
		return now.Split == 0 && now.Share(3) > 0
	})
	if moved, wrong := now.Moved(s.home, 3, 3); wrong > 0 || moved == pictures {
		t.Errorf("%d pictures moved, %d of them not to the new node", moved, wrong)
	}
	s.home = now
	wantServed(t, load.Stop(), "while a node was added")
}

// roll: all nodes are restarted under load, one after the other.
func (s *scene) roll(t *testing.T) {
	t.Helper()
	load := s.balancer.Load(t.Context(), pictures, rate)
	for s.victim = range s.cluster.Nodes {
		n := s.cluster.Nodes[s.victim]
		e2e.Must(t, n.Stop())
		n.Start(t)
		s.wantHome(t)
	}
	wantServed(t, load.Stop(), "while all nodes were restarted")
}

// await waits until the balancer thinks that of the victim, if it tells.
func (s *scene) await(t *testing.T, state balancer.State) {
	t.Helper()
	e2e.Eventually(t, "the node is "+string(state), func() bool {
		states := s.balancer.States()
		return states == nil || states[s.victim] == state
	})
}

// wantOthersUnmoved checks a tour in which the victim's pictures, and no others, were
// somewhere else.
func (s *scene) wantOthersUnmoved(t *testing.T, away *balancer.Tour) {
	t.Helper()
	wantServed(t, away, "without a node")
	if moved, wrong := away.Moved(s.home, s.victim, s.victim); moved != s.home.Share(s.victim) || wrong != 0 {
		t.Errorf("%d pictures moved, %d of them of other nodes; the node had %d", moved, wrong, s.home.Share(s.victim))
	}
}

// wantHome waits until the victim's pictures are at their place again, and checks that no
// other ones have moved and that nothing was made again.
func (s *scene) wantHome(t *testing.T) {
	t.Helper()
	picture := slices.Index(s.home.Places, s.victim)
	e2e.Eventually(t, "a picture of the node is there again", func() bool { return s.balancer.Where(t.Context(), picture) == s.victim })
	now := s.balancer.Tour(t.Context(), pictures, clients)
	wantServed(t, now, "at the end")
	if moved, _ := now.Moved(s.home, -1, -1); moved > 0 || now.Split > 0 || now.Hits != now.Answers {
		t.Errorf("%d pictures are not at their place, %d answers by another node; %d of %d were hits", moved, now.Split, now.Hits, now.Answers)
	}
}

func wantServed(t *testing.T, tour *balancer.Tour, when string) {
	t.Helper()
	if len(tour.Failures) > 0 {
		t.Errorf("%s, of %d answers %s", when, tour.Answers, balancer.String(tour.Failures))
	}
}
