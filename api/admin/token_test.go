package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/api/ui"
)

const testToken = "a-token-of-the-tests"

// Every route but three and the files of the page needs the token, also one that does not exist; nothing is changed
// without it, and it is never logged.
func TestToken(t *testing.T) {
	t.Parallel()
	o, changed := newFullAdmin(t, func(c *Config) { c.Token = testToken })
	routes := append(adminRoutes(t, o), [2]string{"GET", "/nowhere"}, [2]string{"BREW", "/cache"}, [2]string{"GET", "/healthz/"}, [2]string{"GET", "//healthz"}, [2]string{"GET", "/metrics?/healthz"},
		[2]string{"GET", "/ui/"}, [2]string{"GET", "/ui"}, [2]string{"GET", "/ui/nothing"}, [2]string{"GET", "/ui/api/nothing"}, [2]string{"GET", "/ui/%61pi/about"}, [2]string{"GET", "/ui/app.js/../../cache"})
	for _, credentials := range []string{
		"", "Bearer", "Bearer ", "Bearer a-token-of-the-test", "Bearer " + testToken + "s", "Bearer A-TOKEN-OF-THE-TESTS", testToken, "Basic " + testToken,
		"Basic OmEtdG9rZW4tb2YtdGhlLXRlc3Rz", // as a password
		"Bearer s",                           // the secret of the hook
	} {
		for _, route := range routes {
			w := o.requestAs("localhost", route[0], route[1], "Authorization", credentials)
			refused := w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "Bearer" && strings.Contains(w.Body.String(), "admin token")
			if refused == (slices.Contains(withoutToken, route[1]) || ui.IsFile(route[1])) {
				t.Errorf("%s %s with %q: %d %s", route[0], route[1], credentials, w.Code, w.Body)
			}
		}
		if credentials != "Bearer s" && *changed > 0 {
			t.Fatalf("with %q something was changed", credentials)
		}
	}
	*changed = 0
	for _, route := range routes {
		w := o.requestAs("evil.example", route[0], route[1], "Authorization", "bearer  "+testToken)
		if unauthorized := w.Code == http.StatusUnauthorized; unauthorized != (route[1] == "/hooks/s3") || w.Code == http.StatusMisdirectedRequest {
			t.Errorf("%s %s with the token: %d %s", route[0], route[1], w.Code, w.Body)
		}
	}
	if *changed != 2 {
		t.Errorf("with the token %d of 2 changes", *changed)
	}
	if log := o.log.String(); strings.Contains(log, testToken[:len(testToken)-1]) || !strings.Contains(log, `msg="refused a request without the admin token" path=/`) {
		t.Errorf("the log: %s", log)
	}
}

// Without the token, a page of another site gets nothing under its own host name, and with
// the token it can change nothing.
func TestTokenAndBrowsers(t *testing.T) {
	t.Parallel()
	o, changed := newFullAdmin(t, func(c *Config) { c.Token = testToken })
	for _, path := range withoutToken {
		if w := o.requestAs("evil.example", "GET", path, "Authorization", "Bearer s"); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s for another host: %d", path, w.Code)
		}
	}
	w := o.requestAs("localhost", "PATCH", "/switches", "Authorization", "Bearer "+testToken, "Origin", "https://evil.example")
	if w.Code != http.StatusForbidden || *changed > 0 {
		t.Errorf("from another site: %d, %d changes", w.Code, *changed)
	}
}

// For clients without the token, only those checks run that decide, and nothing is said
// about them.
func TestReadinessWithoutToken(t *testing.T) {
	t.Parallel()
	var failing error
	asked := 0
	o := newTestAdmin(Config{Token: testToken, Checks: []Check{
		{Name: "/srv/secret", Do: func(context.Context) error { return failing }},
		{Name: "the secret origin", Degrades: true, Do: func(context.Context) error { asked++; return errors.New("down") }},
	}})
	if status, body := o.request("GET", "/readyz", ""); status != 200 || body != `{"ready":true,"degraded":false,"checks":null}` || asked > 0 {
		t.Errorf("%d %s; the origin was asked %d times", status, body, asked)
	}
	failing = errors.New("secret")
	if status, body := o.request("GET", "/readyz", ""); status != 503 || body != `{"ready":false,"degraded":true,"checks":null}` {
		t.Errorf("%d %s", status, body)
	}
	if status, body := o.request("GET", "/readyz", "", "Authorization", "Bearer "+testToken); status != 503 || strings.Count(body, "secret") != 3 || asked != 1 {
		t.Errorf("with the token: %d %s", status, body)
	}
}

// A server that is about to stop is not ready, and asks no check about it; it is alive.
func TestDraining(t *testing.T) {
	t.Parallel()
	draining, checked := false, 0
	o := newTestAdmin(Config{
		Draining: func() bool { return draining },
		Checks:   []Check{{Name: "cache", Do: func(context.Context) error { checked++; return nil }}},
	})
	for _, want := range []struct {
		status int
		body   string
	}{
		{200, `{"ready":true,"degraded":false,"checks":[{"name":"cache","ok":true}]}`},
		{503, `{"ready":false,"degraded":false,"draining":true,"checks":null}`},
	} {
		if status, body := o.request("GET", "/readyz", ""); status != want.status || body != want.body || checked != 1 {
			t.Errorf("%d %s after %d checks, want %d %s", status, body, checked, want.status, want.body)
		}
		if status, body := o.request("GET", "/healthz", ""); status != 200 || body != `{"status":"ok"}` {
			t.Errorf("%d %s", status, body)
		}
		draining = true
	}
}
