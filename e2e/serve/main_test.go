// Package serve tests the answers, flags and subcommands of the built program.
package serve

import (
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
