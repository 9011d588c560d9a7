// Package page tests the page of the built program in Chromium: every control, what it looks
// like, whether people who see little or use no mouse can use it, and that it asks no other host.
package page

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/chromium"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// browser is one for all tests.
var browser = sync.OnceValue(func() *chromium.Browser { return chromium.Start(e2e.Shared()) })

// serve starts the demo, with the pictures in testdata.
func serve(t *testing.T, args ...string) *e2e.Server {
	t.Helper()
	s := e2e.StartCmd(t, demo(t, t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", args...))
	s.AwaitAddresses(t)
	return s
}

func demo(t *testing.T, cache, listen, admin string, args ...string) *exec.Cmd {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(e2e.Binary, append([]string{"serve", "--listen", listen, "--admin", admin, "--cache", cache, "--workers", "2"}, args...)...)
	cmd.Dir = root
	return cmd
}

// ways are how people look at the page. What axe-core finds depends on the colours or on the
// width, not on both together: two ways have all of them.
var ways = []struct {
	name  string
	width int64
	dark  bool
	axe   bool
}{
	{"light", 1280, false, true}, {"dark", 1280, true, false}, {"narrow", 390, false, false}, {"narrow-dark", 390, true, true},
}

const height = 1600

// look checks that a view is drawn, and that people can use it, in all ways. Each of the selectors
// must have more than a few colours.
func look(t *testing.T, p *chromium.Page, name string, selectors ...string) {
	t.Helper()
	for _, way := range ways {
		p.Size(way.width, height)
		p.Dark(way.dark)
		p.Await(`document.documentElement.scrollWidth <= innerWidth`)                                    // nothing is cut off
		p.Size(way.width, max(height, chromium.Eval[int64](p, `document.documentElement.scrollHeight`))) // for all to be visible
		shot := p.Screenshot(name + "-" + way.name)
		for _, selector := range selectors {
			at := p.Place(selector)
			if at.Empty() || chromium.Colours(shot, at) < 6 || chromium.Ink(shot, at) < 0.005 {
				t.Errorf("%s, %s: %s at %v has %d colours, and ink on %.4f of it", name, way.name, selector, at, chromium.Colours(shot, at), chromium.Ink(shot, at))
			}
		}
		if !way.axe {
			continue
		}
		for _, v := range p.Axe() {
			t.Errorf("%s, %s: %s", name, way.name, v)
		}
	}
	p.Size(ways[0].width, height)
	p.Dark(false)
}

// check fails the test for each problem that a script has found.
func check(t *testing.T, p *chromium.Page, script string) {
	t.Helper()
	for _, problem := range chromium.Eval[[]string](p, script) {
		t.Error(problem)
	}
}
