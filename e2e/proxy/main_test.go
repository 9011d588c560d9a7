// Package proxy tests the program behind the web servers of deploy/.
package proxy

import (
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
