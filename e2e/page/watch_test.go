package page

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/chromium"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// traffic sends requests until stop is called: hits, misses, and errors.
func traffic(t *testing.T, url string) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			paths := []string{"/300x200/photos/cat.jpg", "/300x200/photos/cat.jpg", "/200x/photos/lake.jpg", "/300x/photos/none.jpg", "/300x,nonsense/photos/cat.jpg"}
			if i%10 == 0 {
				paths = append(paths, fmt.Sprintf("/%dx/photos/cat.jpg", 100+i/10%400))
			}
			for _, path := range paths {
				_, _ = e2e.Do(http.MethodGet, url+path) // a server that is being started again answers nothing
			}
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() { close(end); <-ended }
}

func openWatch(t *testing.T, address string) *chromium.Page {
	t.Helper()
	p := browser().Open(t, address+"/ui/#watch")
	p.AwaitText(".watch .live", "Live")
	return p
}

// What the server does is shown, and drawn.
func TestWatch(t *testing.T) {
	s := serve(t, "--max-size", "50MB")
	defer traffic(t, s.URL)()
	p := openWatch(t, s.Admin)
	p.Await(`document.querySelector(".tile .number").textContent.endsWith("%")`)
	for _, text := range []string{"miss", "memory", "bad-options", "not-found"} {
		p.AwaitText(`[aria-label="Requests by outcome"]`, text)
	}
	p.AwaitText(`[aria-label="Origins"]`, "closed")
	p.AwaitText(`[aria-label="Hottest pictures"] tbody tr`, "/300x200/photos/cat.jpg")
	p.AwaitText(`[aria-label="Cache by tier"]`, "50 MB")
	p.Await(`[...document.querySelectorAll(".chart canvas")].length === 4`)
	p.Await(`document.querySelectorAll(".chart .legend li:not([hidden])").length >= 10`)
	p.Await(`/resize \d/.test(document.querySelectorAll(".chart")[2].textContent)`)
	look(t, p, "watch", ".tiles", ".chart:nth-child(1)", ".chart:nth-child(2)", ".chart:nth-child(3)", ".chart:nth-child(4)", ".tables > .card")
}

// Switches and forgetting ask first, and do what they say.
func TestWatchControls(t *testing.T) {
	s := serve(t)
	for range 20 { // on disk and in memory, and counted when the page watches
		e2e.Get(t, s.URL+"/300x200/photos/cat.jpg")
	}
	p := openWatch(t, s.Admin)
	hot := `.switches li:nth-child(1) input`
	isOn := func() bool { return strings.Contains(string(e2e.Get(t, s.Admin+"/switches").Body), `"hot":true`) }
	p.Click(hot)
	p.Await(`document.getElementById("question").open`)
	p.Click(`#question button[value="no"]`)
	p.Await(`!document.getElementById("question").open && document.querySelector("` + hot + `").checked`)
	if !isOn() {
		t.Error("hot was switched off, although the answer was no")
	}
	p.Click(hot)
	p.Click("#question-yes")
	p.AwaitText("#notice", "hot is off")
	p.Await(`!document.querySelector("` + hot + `").checked`)
	if isOn() {
		t.Error("hot was not switched off")
	}
	p.Await(`document.querySelector(".switches li:nth-child(2) input").disabled`)
	p.AwaitText(".switches li:nth-child(2)", "started without --hedge")
	p.Click(".switches li:nth-child(3) input")
	p.Click("#question-yes")
	p.AwaitText(".watch .alerts", "read_only is on")
	p.Click(".switches li:nth-child(3) input")
	p.Click("#question-yes")
	p.Await(`document.querySelectorAll(".watch .alerts li").length === 0`)

	p.Type("form.forget input", "photos/cat.jpg")
	p.Click("form.forget button")
	p.AwaitText("#question-text", "Forget photos/cat.jpg?")
	p.Click("#question-yes")
	p.AwaitText("#notice", "Forgot photos/cat.jpg: 1 file of originals")
	if r := e2e.Get(t, s.URL+"/300x200/photos/cat.jpg"); !strings.Contains(r.Header.Get("Cache-Status"), "fwd=") {
		t.Errorf("after forgetting: %s", r.Header.Get("Cache-Status"))
	}
	p.Click(`[aria-label="Hottest pictures"] button[aria-label="Forget photos/cat.jpg"]`)
	p.Click("#question-yes")
	p.AwaitText("#notice", "Forgot photos/cat.jpg: 1 file of originals, 0 files of mezzanines, 1 file of derivatives")
	p.Permit("/etc/passwd")
	p.Type("form.forget input", "../etc/passwd")
	p.Click("form.forget button")
	p.Click("#question-yes")
	p.AwaitText("#notice", "was not forgotten")
	p.Await(`document.querySelector('[aria-label="Hottest pictures"] a').getAttribute("href") === "#play/300x200/photos/cat.jpg"`)
}

// A dry run says what a purge would remove, and removes nothing.
func TestDryRun(t *testing.T) {
	s := serve(t)
	for _, size := range []string{"200x", "300x", "400x"} {
		e2e.Get(t, s.URL+"/"+size+"/photos/cat.jpg")
	}
	p := openWatch(t, s.Admin)
	field := func(n int) string { return fmt.Sprintf("form.limits .field:nth-child(%d) input", n) }
	run := `form.limits button[type="submit"]`
	p.Click(`.tables button:not([type="submit"]):not(.quiet)`) // Count now
	p.AwaitText(".tables", "Counted on")
	p.Await(`!document.querySelector("` + strings.ReplaceAll(run, `"`, `\"`) + `").disabled`)
	p.Type(field(4), "1")
	p.Click(run)
	p.AwaitText(".dry-run", "thumbery purge --cache DIR --max-files 1")
	p.AwaitText(".dry-run", "too small for its traffic")
	p.Set("form.limits select", "derivatives")
	p.Type(field(2), "30d")
	p.Type(field(3), "1MB")
	p.Await(`document.querySelector("` + field(5) + `").disabled`)
	p.Click(run)
	p.AwaitText(".dry-run", "--derivatives-older-than 30d --derivatives-max-size 1MB --derivatives-max-files 1")
	p.AwaitText(".dry-run", "3 files")
	p.Set("form.limits select", "all tiers")
	p.Permit("/ui/api/purge?")
	p.Type(field(5), "half")
	p.Click(run)
	p.AwaitText(`.tables .problem`, `"half" is not a percentage`)
	if n := s.Metric(t, `thumbery_cache_files{tier="derivatives"}`); n != 3 {
		t.Errorf("%v derivatives are left", n)
	}
}

// On the public listener of the demo, nothing can be changed, and the page says why.
func TestWatchPublic(t *testing.T) {
	s := serve(t)
	e2e.Get(t, s.URL+"/300x200/photos/cat.jpg")
	p := openWatch(t, s.URL)
	e2e.Get(t, s.URL+"/300x200/photos/cat.jpg")
	p.Await(`document.querySelector('[aria-label="Hottest pictures"] button')`)
	check(t, p, `[...document.querySelectorAll(".switches input, .forget input, form.forget button, [aria-label='Hottest pictures'] button")]
		.filter((control) => !control.disabled || !document.getElementById(control.getAttribute("aria-describedby")))
		.map((control) => control.outerHTML + " is not disabled, or does not say why")`)
	p.AwaitText("#why-not", "Nothing can be changed on this listener")
	if r := e2e.Ask(t, "PATCH", s.URL+"/switches"); r.Status < 400 {
		t.Errorf("PATCH /switches: %d", r.Status)
	}
	look(t, p, "watch-public", ".tables > .card:last-child")
}

// The page says when it has lost the server, and finds it again.
func TestWatchReconnects(t *testing.T) {
	cache, listen, admin := t.TempDir(), pinned.MustFreeAddress(t), pinned.MustFreeAddress(t)
	s := e2e.StartCmd(t, demo(t, cache, listen, admin))
	s.AwaitAddresses(t)
	p := openWatch(t, s.Admin)
	p.Permit("/ui/api/events")
	s.Stop(t)
	if strings.Contains(s.Log.String(), "cut off requests") {
		t.Errorf("a page that watches delays the end of the server:\n%s", s.Log)
	}
	p.AwaitText(".watch .live", "Disconnected")
	p.AwaitText(".watch .live", "Next attempt in")
	e2e.StartCmd(t, demo(t, cache, listen, admin)).AwaitAddresses(t)
	chromium.Eval[bool](p, `document.querySelector(".watch .live button").click() ?? true`) // unless the page was quicker
	p.AwaitText(".watch .live", "Live")
	p.Await(`document.querySelector(".watch .live button").hidden`)
}
