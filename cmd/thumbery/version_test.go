package main

import (
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/vips"
)

func TestFaster(t *testing.T) {
	for _, c := range []struct {
		speed vips.Speed
		says  string
	}{
		{vips.Speed{SIMD: true}, ""},
		{vips.Speed{SIMD: true, Old: true}, "libvips 8.18"},
		{vips.Speed{Old: true}, "highway"},
		{vips.Speed{}, "highway"},
	} {
		got := faster(c.speed)
		if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("faster(%+v) = %q, want %q", c.speed, got, c.says)
		}
	}
}
