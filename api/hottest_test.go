package api

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Requests are counted while somebody asks for the hottest derivatives, in windows, whatever the spelling of
// the URL.
func TestHottest(t *testing.T) {
	t.Parallel()
	hottest, at := &Hottest{}, now
	h := newTestServer(func(c *Config) { c.Hottest, c.Now = hottest, func() time.Time { return at } })
	request := func(n int, path string) {
		for range n {
			h.request("GET", path)
		}
	}
	check := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, hot := range hottest.Top(3, at) {
			got = append(got, fmt.Sprint(hot.Requests, " ", hot.Path, " ", hot.Key))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	request(5, "/30x20/cat.jpg")
	check("before anybody asked")
	request(2, "/30x20/cat.jpg")
	request(1, "/q_70,30x20/cat.jpg")
	request(2, "/30x20,q_70/cat.jpg")
	request(4, "/40x/a%20b.jpg")
	request(9, "/40x/none.jpg")
	request(9, "/raw/cat.jpg")
	request(9, "/info/cat.jpg")
	request(1, "/50x/cat.jpg")
	check("in the first half", "4 /40x/a%20b.jpg a b.jpg", "3 /30x20,q_70/cat.jpg cat.jpg", "2 /30x20/cat.jpg cat.jpg")
	at = at.Add(hottestHalf - 1)
	check("at its end", "4 /40x/a%20b.jpg a b.jpg", "3 /30x20,q_70/cat.jpg cat.jpg", "2 /30x20/cat.jpg cat.jpg")
	at = at.Add(1)
	request(1, "/40x/a%20b.jpg")
	check("in the second half", "5 /40x/a%20b.jpg a b.jpg", "3 /30x20,q_70/cat.jpg cat.jpg", "2 /30x20/cat.jpg cat.jpg")
	at = at.Add(hottestHalf)
	check("in the third", "1 /40x/a%20b.jpg a b.jpg")
	at = at.Add(2 * hottestHalf)
	check("later")
	at = at.Add(hottestIdle + 1)
	request(3, "/30x20/cat.jpg")
	check("when nobody has asked for long")
}

// What is counted is bounded, and what came first stays.
func TestHottestIsBounded(t *testing.T) {
	t.Parallel()
	hottest := &Hottest{}
	hottest.Top(1, now)
	for i := range maxWanted + 100 {
		p := &parsedPath{}
		p.variant.Width = 1 + i
		for range 1 + min(i, 1) {
			hottest.add(request{parsedPath: p}, now)
		}
	}
	if n := len(hottest.counts); n != maxWanted {
		t.Errorf("%d are counted", n)
	}
	if top := hottest.Top(2*maxWanted, now); len(top) != maxWanted || top[0].Requests != 2 {
		t.Errorf("%d, the first is %+v", len(top), top[0])
	}
}

// What is requested equally often has an order of its own, so that a list of it does not flicker.
func TestHottestTies(t *testing.T) {
	t.Parallel()
	hottest := &Hottest{}
	hottest.Top(1, now)
	for i := range 50 {
		p := &parsedPath{key: "cat.jpg"}
		p.variant.Width = 100 + i
		hottest.add(request{parsedPath: p}, now)
	}
	for i, hot := range hottest.Top(20, now) {
		if want := fmt.Sprintf("/%dx/cat.jpg", 100+i); hot.Path != want {
			t.Errorf("%d: %s, want %s", i, hot.Path, want)
		}
	}
}

// A request that finds that nobody has asked for long ends the counting also for those that are
// about to count, and may have come a moment before.
func TestHottestEndsForAll(t *testing.T) {
	t.Parallel()
	hottest := &Hottest{}
	hottest.Top(1, now)
	q := request{parsedPath: &parsedPath{key: "cat.jpg"}}
	hottest.add(q, now.Add(hottestIdle+1))
	hottest.asked.Store(true) // as the other request has seen it
	hottest.add(q, now.Add(hottestIdle))
	if top := hottest.Top(1, now); len(top) != 0 {
		t.Errorf("%+v", top)
	}
}
