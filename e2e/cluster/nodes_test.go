package cluster

import (
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// Nodes share nothing but their origin; what a node has on disk survives a SIGKILL, and a
// SIGSTOP changes nothing.
func TestNodes(t *testing.T) {
	t.Parallel()
	pictures := map[string][]byte{outage.Key(1): outage.Picture(1, 120, 80)}
	c := e2e.Nodes(t, 2, pictures, cluster.Config{})
	path := "/60x40/" + outage.Key(1)
	for _, n := range c.Nodes {
		e2e.WantCache(t, e2e.Get(t, "http://"+n.Public+path), e2e.MissStored)
	}
	if got := c.Fetches(); len(got) != 1 || got[outage.Key(1)] != 2 {
		t.Errorf("fetches: %v", got)
	}
	if sum, err := c.Sum(t.Context(), `thumbery_resize_seconds_count{of="original",result="ok"}`); err != nil || sum != 2 {
		t.Errorf("%v resized, %v", sum, err)
	}
	n := c.Add(t)
	e2e.WantCache(t, e2e.Get(t, "http://"+n.Public+path), e2e.MissStored)
	n.Kill()
	if _, err := e2e.Do("GET", "http://"+n.Public+path); err == nil {
		t.Error("a killed node answers")
	}
	n.Start(t)
	n.Pause()
	n.Resume()
	e2e.WantCache(t, e2e.Get(t, "http://"+n.Public+path), e2e.HitDisk)
	if got := n.Fetches(); got[outage.Key(1)] != 1 {
		t.Errorf("fetches of one node: %v", got)
	}
	e2e.Must(t, n.Stop())
}
