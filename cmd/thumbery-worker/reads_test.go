package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

// Where there is text, fonts may be opened; where there is none, nothing.
func TestReads(t *testing.T) {
	for _, c := range []struct {
		config engine.Config
		font   bool
	}{
		{engine.Config{Formats: header.FormatsOf(variant.JPEG)}, false},
		{engine.Config{Formats: header.FormatsOf(variant.JPEG, variant.SVG)}, true},
		{engine.Config{Formats: header.FormatsOf(variant.PDF)}, true},
		{engine.Config{Formats: header.FormatsOf(variant.JPEG), Watermarks: []watermark.Watermark{{Text: "x"}}}, true},
	} {
		got := reads(c.config)
		fonts := slices.ContainsFunc(got, func(path string) bool { return strings.Contains(path, "/fonts/") })
		if fonts != c.font || !c.font && len(got) > 0 || slices.Contains(got, "/") {
			t.Errorf("%+v: %q", c.config, got)
		}
	}
}
