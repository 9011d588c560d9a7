package worker_test

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"reflect"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/resize/watermark"
)

func withoutWalls(c *exec.Cmd) { c.Env = append(c.Env, failpoint.WithoutWalls+"=1") }

// wishes are all formats, and a look, a watermark, effects and a placeholder.
var wishes = []string{
	"40x30,f_jpeg", "40x30,f_png", "40x30,f_webp", "40x30,f_avif", "40x,f_gif",
	"80x60,f_png,g_smart,wm_text", "60x,trim,f_webp,blur_2", "16x16,fit_inside,f_webp,q_20,sharp_1",
}

// Behind the walls, everything that is read and written comes out as without: no system
// call and no file is missing.
func TestSameWithWalls(t *testing.T) {
	t.Parallel()
	s := setUp()
	s.Engine.Watermarks = []watermark.Watermark{{Name: "text", Text: "© Grüße 字", Font: "sans 12", Opacity: 0.5}}
	within, without := start(t, s), start(t, s, withoutWalls)
	if !reflect.DeepEqual(within.ready.Capabilities, without.ready.Capabilities) {
		t.Errorf("%+v, without walls %+v", within.ready.Capabilities, without.ready.Capabilities)
	}
	all := pictures(t)
	read := header.Formats(0)
	for i, name := range slices.Sorted(maps.Keys(all)) {
		src := all[name]
		h, err := without.header(src)
		if got, gotErr := within.header(src); fmt.Sprint(gotErr) != fmt.Sprint(err) || got != h {
			t.Errorf("%s: %+v, %v; without walls %+v, %v", name, got, gotErr, h, err)
		}
		if err != nil {
			continue
		}
		// The first of a format is made in all ways, of the others each in another.
		some := wishes
		if read.Has(h.Format) {
			some = wishes[i%len(wishes):][:1]
		}
		read = read.With(h.Format)
		for _, options := range some {
			same(t, name+" "+options, within.make(src, h, options), without.make(src, h, options))
		}
	}
	if read != within.ready.Capabilities.Reads {
		t.Errorf("%v were tried, of %v", read.List(), within.ready.Capabilities.Reads.List())
	}
	within.stop()
	without.stop()
}

func same(t *testing.T, what string, got, want answer) {
	t.Helper()
	if !bytes.Equal(got.data, want.data) || !reflect.DeepEqual(got.Err, want.Err) {
		t.Errorf("%s: %d bytes, %+v; without walls %d bytes, %+v", what, len(got.data), got.Err, len(want.data), want.Err)
	}
}

// ResizeAll answers once for each plan, and once more.
func TestResizeAll(t *testing.T) {
	t.Parallel()
	c := start(t, setUp())
	src := pictures(t)["lake.jpg"]
	h, err := c.header(src)
	if err != nil {
		t.Fatal(err)
	}
	var plans []resize.Plan
	for _, options := range []string{"300x", "200x,f_webp", "100x,f_png"} {
		p, err := c.plan(src, h, options)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, p)
	}
	all := c.ask(wire.Request{Kind: wire.Resize, Header: h, Plans: plans}, src)
	if len(all) != 4 || !all[3].Last || all[3].Len != 0 || all[3].Err != nil {
		t.Fatalf("%+v", all)
	}
	for i, a := range all[:3] {
		if a.Plan != i || a.Last || a.Err != nil || resize.CheckResult(bytes.NewReader(a.data), a.Len, plans[i]) != nil {
			t.Errorf("%d: %+v", i, a.Answer)
		}
	}
	c.stop()
}
