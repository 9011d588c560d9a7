package engine_test

import (
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/engine"
)

func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		speed engine.Speed
		says  string
	}{
		{engine.Speed{SIMD: true}, ""},
		{engine.Speed{SIMD: true, Old: true}, "libvips 8.18"},
		{engine.Speed{Old: true}, "highway"},
		{engine.Speed{}, "highway"},
	} {
		got := c.speed.Advice()
		if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("Advice of %+v = %q, want %q", c.speed, got, c.says)
		}
	}
}
