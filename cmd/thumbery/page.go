package main

import (
	"context"
	"iter"
	"maps"
	"net"
	"slices"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/api/ui"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/variant"
)

// page is the configuration of /ui/ on the admin listener. That may sign only if it asks for
// a token: anybody on this machine could have URLs signed otherwise. Each page has limits of
// its own: those who may only look keep no administrator out.
func (c *serveCmd) page(p *parts, keys *variant.Keyring) ui.Config {
	first := variant.Key("")
	if c.isDemo() {
		first = "photos/cat.jpg"
	}
	events := c.events(p)
	p.events = append(p.events, events)
	return ui.Config{
		// A browser gets answers from here: with their bodies, and what is wrong in words.
		Picture: api.New(api.Config{Pipeline: p.Pipeline, Rules: p.rules, Keys: keys, MaxAge: c.MaxAge, Hottest: p.hottest, Observer: p.observer(), Log: p.log}),
		Rules:   p.rules, Keys: keys, CanSign: c.AdminToken != "", CanChange: true, Version: version,
		Writes: p.Render.Settings.CanWrite, Watermarks: slices.Sorted(maps.Keys(p.Render.Settings.Watermarks)), List: p.list, FirstKey: first, Explain: admin.ExplainHandler(p.explain),
		Events: events, Purging: c.dryRuns(),
	}
}

// demoPage is that of the public listener, where nothing can be changed.
func (c *serveCmd) demoPage(p *parts) ui.Config {
	page := c.page(p, nil)
	page.CanSign, page.CanChange = false, false
	if _, _, err := net.SplitHostPort(c.Admin); err == nil {
		page.AdminPage = "http://" + clickable(c.Admin) + "/ui/"
	}
	return page
}

func (a *app) list(ctx context.Context, prefix string) iter.Seq2[variant.Key, error] {
	return prime.Selection{Origins: a.origins.Mounts, Prefix: prefix}.List(ctx, func(string) {})
}
