// Package cluster tests several nodes behind the balancers of deploy/cluster.
package cluster

import (
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
