// Package faults tests the program with failing origins, disks and processes.
package faults

import (
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
