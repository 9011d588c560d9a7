package vips

import (
	"strings"
	"testing"
)

func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		speed Speed
		says  string
	}{
		{Speed{SIMD: true}, ""},
		{Speed{SIMD: true, Old: true}, "libvips 8.18"},
		{Speed{Old: true}, "highway"},
		{Speed{}, "highway"},
	} {
		got := c.speed.Advice()
		if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("Advice of %+v = %q, want %q", c.speed, got, c.says)
		}
	}
}
