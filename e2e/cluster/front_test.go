package cluster

import (
	"slices"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/balancer"
	"github.com/thumbery/thumbery/internal/testkit/freshness"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/varnish"
)

// One upload over an old picture, of which the bucket tells one node: no other node shows
// the old one any more, neither one that hung nor one that was down meanwhile, and nor does
// Varnish. How long that takes is measured by bench/forget.
func TestVarnishForgets(t *testing.T) {
	t.Parallel()
	pinned.NotShort(t)
	installed := func(kind balancer.Kind) bool { return kind.Name != "varnish" && kind.Program() != "" }
	i := slices.IndexFunc(balancer.Kinds(), installed)
	if i < 0 || varnish.Program() == "" {
		t.Skip("there is no Varnish, or no balancer; tools/install.sh test installs them")
	}
	s := freshness.Start(t, freshness.Config{Binary: e2e.Binary, Deploy: "../../deploy", Purging: "ban", Balancer: balancer.Kinds()[i], Pictures: 6})
	node := s.Nodes[2]
	for _, away := range []freshness.Absence{
		{Name: "hung", Leave: node.Pause, Back: node.Resume},
		{Name: "down", Leave: func() { e2e.Must(t, node.Stop()) }, Back: func() { node.Start(t) }},
	} {
		s.Warm(t)
		s.Replace(t, 2, away)
		for _, seen := range s.Look(t.Context(), 100, 0, 1, 2) {
			if seen.Stale > 0 || seen.Answers == 0 || seen.Errors > 0 {
				t.Errorf("after a node was %s, %s showed %d old pictures of %d, and %d errors", away.Name, seen.View, seen.Stale, seen.Answers, seen.Errors)
			}
		}
	}
}
