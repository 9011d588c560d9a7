package main

import (
	"fmt"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/balancer"
	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// once requests every picture in every size: nothing is fetched or made twice.
func (s *setup) once(t pinned.T) {
	s.home = s.balancer.Tour(t.Context(), s.pictures, clients)
	s.victim = s.home.Busiest()
	made, err := s.cluster.Sum(t.Context(), "thumbery_resize_seconds_count")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf(
		"%d answers, %s; %d originals fetched, %.0f derivatives made; pictures on the nodes: %d, %d, %d\n",
		s.home.Answers, balancer.String(s.home.Failures), s.fetched(), made, s.home.Share(0), s.home.Share(1), s.home.Share(2),
	)
}

// fetched is how many originals were fetched so far, by all nodes.
func (s *setup) fetched() (all int) {
	for _, count := range s.cluster.Fetches() {
		all += count
	}
	return all
}

// event is what happens to a node, and how it ends. In between, the pictures are requested
// once more, to see where they are.
type event struct {
	name       string
	begin, end func(t pinned.T, n *cluster.Node)
	// look is whether to see where the pictures are meanwhile.
	look bool
	// comes is whether pictures move to a node that comes.
	comes bool
}

func (s *setup) events() []event {
	return []event{
		{"kill -9, and start again", func(_ pinned.T, n *cluster.Node) { n.Kill() }, func(t pinned.T, n *cluster.Node) { n.Start(t) }, true, false},
		{"SIGSTOP for " + s.lasts.String(), func(_ pinned.T, n *cluster.Node) { n.Pause() }, func(_ pinned.T, n *cluster.Node) { n.Resume() }, false, false},
		{"cut off for " + s.lasts.String(), func(t pinned.T, n *cluster.Node) { n.Partition(t) }, func(t pinned.T, n *cluster.Node) { n.Heal(t) }, false, false},
		{"drain (SIGTERM), and start again", func(t pinned.T, n *cluster.Node) { s.must(t, n.Stop()) }, func(t pinned.T, n *cluster.Node) { n.Start(t) }, true, false},
		{"restart all, one by one", func(t pinned.T, _ *cluster.Node) { s.roll(t) }, func(pinned.T, *cluster.Node) {}, false, false},
		{"add a fourth", func(t pinned.T, _ *cluster.Node) { s.add(t) }, func(pinned.T, *cluster.Node) {}, false, true},
	}
}

func (s *setup) must(t pinned.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func (s *setup) roll(t pinned.T) {
	for _, n := range s.cluster.Nodes {
		s.must(t, n.Stop())
		n.Start(t)
		pause(t, time.Second) // as long as a balancer may take to notice
	}
}

func (s *setup) add(t pinned.T) {
	n := s.cluster.Add(t)
	s.balancer.Reload(t, balancer.Node{Public: n.Public, Admin: n.Admin})
	pause(t, time.Second)
}

// event measures one.
func (s *setup) event(t pinned.T, e event) {
	fetched := s.fetched()
	load := s.balancer.Load(t.Context(), s.pictures, s.rate)
	pause(t, time.Second)
	began := time.Now()
	n := s.cluster.Nodes[s.victim]
	e.begin(t, n)
	moved, others := "", ""
	if e.look {
		away := s.balancer.Tour(t.Context(), s.pictures, clients)
		all, wrong := away.Moved(s.home, s.victim, s.victim)
		moved, others = fmt.Sprintf("%.1f%%", 100*float64(all)/float64(s.pictures)), fmt.Sprint(wrong)
	}
	if !e.look && !e.comes {
		pause(t, s.lasts)
	}
	e.end(t, n)
	pause(t, 6*time.Second) // nginx looks after a node again after five
	tour := load.Stop()
	back := s.balancer.Tour(t.Context(), s.pictures, clients)
	all, wrong := back.Moved(s.home, 3, 3)
	if e.comes {
		moved, others = fmt.Sprintf("%.1f%%", 100*float64(all)/float64(s.pictures)), fmt.Sprint(wrong)
	}
	fmt.Fprintf(
		s.out, "%s\t%d\t%d\t%s\t%d\t%v\t%s\t%s\t%d\t%d of %d\n", e.name, tour.Answers, len(tour.Failures), sent(tour, began), tour.Slow,
		tour.Slowest.Round(time.Millisecond), moved, others, s.fetched()-fetched, back.Hits, back.Answers,
	)
	if len(tour.Failures)+len(back.Failures) > 0 {
		fmt.Printf("%s: %s; then %s\n", e.name, balancer.String(tour.Failures), balancer.String(back.Failures))
	}
	if !e.comes && all > 0 {
		fmt.Printf("%s: %d pictures are not at their place afterwards\n", e.name, all)
	}
}

// sent is when the requests that failed were sent, after the event.
func sent(tour *balancer.Tour, began time.Time) string {
	if len(tour.Failures) == 0 {
		return ""
	}
	first, last := tour.Failures[0].Sent, tour.Failures[0].Sent
	for _, f := range tour.Failures {
		if f.Sent.Before(first) {
			first = f.Sent
		}
		if f.Sent.After(last) {
			last = f.Sent
		}
	}
	return fmt.Sprintf("%.1f to %.1f s", first.Sub(began).Seconds(), last.Sub(began).Seconds())
}

// twice counts the originals that were fetched more than once.
func (s *setup) twice() {
	same := 0
	for _, n := range s.cluster.Nodes {
		same += moreThanOnce(n.Fetches())
	}
	fmt.Printf("originals fetched more than once: by the same node %d, by any %d\n", same, moreThanOnce(s.cluster.Fetches()))
}

func moreThanOnce(fetches map[string]int) (n int) {
	for _, count := range fetches {
		if count > 1 {
			n++
		}
	}
	return n
}

func pause(t pinned.T, d time.Duration) {
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
