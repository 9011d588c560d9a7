package chromium

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Page is a tab, with a storage of its own.
type Page struct {
	t    testing.TB
	ctx  context.Context
	host string // the only one that it may send requests to

	mu        sync.Mutex
	problems  []string
	refused   []string
	permitted []string // parts of what may be refused
}

// Open opens a URL, and waits until the page is loaded. When the test ends, the page must have had
// no problems.
func (b *Browser) Open(t testing.TB, address string) *Page {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{t: t, host: u.Host}
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	p.ctx = ctx
	t.Cleanup(func() {
		closeTab()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, problem := range p.problems {
			t.Errorf("the page: %s", problem)
		}
		for _, refused := range p.refused {
			if !slices.ContainsFunc(p.permitted, func(part string) bool { return strings.Contains(refused, part) }) {
				t.Errorf("the page was refused %s", refused)
			}
		}
	})
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as the context of this call
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	p.Size(1280, 900)
	p.do(chromedp.Navigate(address))
	return p
}

// listen notes what a page must not do.
func (p *Page) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.note("exception: %s", e.ExceptionDetails.Text+" "+describe(e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.note("console: %v", e.Args)
		}
	case *log.EventEntryAdded:
		p.logged(e.Entry)
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "blob" && u.Scheme != "data" && u.Host != p.host {
			p.note("a request to another host: %s", e.Request.URL)
		}
	}
}

func describe(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return o.Description
}

// logged notes what Chromium itself says. It calls every answer that refuses something an
// error, be it shown to people or not.
func (p *Page) logged(e *log.Entry) {
	switch {
	case strings.Contains(e.Text, "the server responded with a status of 4"), strings.Contains(e.Text, "net::ERR_CONNECTION_REFUSED"),
		strings.Contains(e.Text, "net::ERR_INCOMPLETE_CHUNKED_ENCODING"):
		p.mu.Lock()
		defer p.mu.Unlock()
		p.refused = append(p.refused, e.URL+": "+e.Text)
	case e.Level == log.EntryLevelError, e.Level == log.EntryLevelWarning:
		p.note("log: %s (%s, line %d)", e.Text, e.URL, e.LineNumber)
	}
}

func (p *Page) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// Permit permits that the server refuses requests, or does not answer them, whose URLs have part
// in them. All others that it refuses are problems.
func (p *Page) Permit(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.permitted = append(p.permitted, part)
}

// do takes steps in the page, and ends the test if one fails.
func (p *Page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.text())
	}
}

// text is what the page shows, for the messages of tests.
func (p *Page) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	return text
}

// Size sets the size of the page in CSS pixels.
func (p *Page) Size(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
}

// Dark sets what the page is told of the user's preference.
func (p *Page) Dark(dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// Eval evaluates JavaScript, and waits for a promise.
func Eval[T any](p *Page, script string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
	return value
}

// Await waits until JavaScript is true. While it fails, as on what is not there yet, it is not.
func (p *Page) Await(script string) {
	p.t.Helper()
	script = "(() => { try { return Boolean(" + script + "); } catch { return false; } })()"
	for end := time.Now().Add(limit); !Eval[bool](p, script); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("%s is not true; the page says:\n%s", script, p.text())
		}
	}
}

// AwaitText waits until the first element of a selector has a text in it.
func (p *Page) AwaitText(selector, text string) {
	p.t.Helper()
	p.Await(fmt.Sprintf("document.querySelector(%s)?.textContent.includes(%s)", quoted(selector), quoted(text)))
}

// Click scrolls to the first element of a selector, when it is visible and can be used, and
// clicks it.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do(chromedp.WaitEnabled(chromedp.CSS(selector)), chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// ClickText waits for an element of a selector that has exactly this text, and clicks it.
func (p *Page) ClickText(selector, text string) {
	p.t.Helper()
	p.Await(fmt.Sprintf(`(() => {
		const found = [...document.querySelectorAll(%s)].find((element) => element.textContent === %s && !element.disabled);
		found?.click();
		return found;
	})()`, quoted(selector), quoted(text)))
}

// Type replaces the text of a field.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.do(chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Focus(chromedp.CSS(selector), chromedp.NodeVisible))
	Eval[bool](p, fmt.Sprintf("document.querySelector(%s).select() ?? true", quoted(selector)))
	p.do(chromedp.KeyEvent("\b"))
	if text != "" {
		p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
	}
}

// Set gives a field a value as people do by a slider, a colour or a list.
func (p *Page) Set(selector, value string) {
	p.t.Helper()
	Eval[bool](p, fmt.Sprintf(`(() => {
		const field = document.querySelector(%s);
		field.scrollIntoView();
		field.value = %s;
		field.dispatchEvent(new Event("input", { bubbles: true }));
		return field.dispatchEvent(new Event("change", { bubbles: true }));
	})()`, quoted(selector), quoted(value)))
}

// Key presses keys, such as "\t", "\r" and kb.Escape.
func (p *Page) Key(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// Drag presses the mouse at a place of the page, in CSS pixels, and releases it at another.
func (p *Page) Drag(fromX, fromY, toX, toY float64) {
	p.t.Helper()
	p.do(chromedp.DragAndDropXY(fromX, fromY, toX, toY))
}

// ClickAt clicks at a place of the page, in CSS pixels.
func (p *Page) ClickAt(x, y float64) {
	p.t.Helper()
	p.do(chromedp.MouseClickXY(x, y))
}

// quoted is a string of JavaScript.
func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err) // of a string
	}
	return string(data)
}
