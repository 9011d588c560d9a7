package serve

import (
	"bytes"
	"html"
	"image"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// examples give the pages of clients/examples, without a web server in front of them. That of
// Express is tested with the packages of npm.
var examples = map[string]struct{ program, option, framework, page string }{
	"flask": {"/usr/bin/python3", "-c", `import flask`, `from app import app; print(app.test_client().get("/").text)`},
	"rails": {"ruby", "-e", `require "rails"`, `require "rack"; print Rack::MockRequest.new(Rack::Builder.parse_file("config.ru").first).get("http://localhost/").body`},
}

var urlsOfPage = regexp.MustCompile(` (?:src|srcset|href)="([^"]+)"`)

// TestExamples: every picture of the pages in clients/examples is served by a server that
// wants signatures, and none with another signature.
func TestExamples(t *testing.T) {
	t.Parallel()
	const key = "k1:a-secret-of-the-tests"
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--key", key)
	for name, x := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := exec.CommandContext(t.Context(), x.program, x.option, x.framework).Run(); err != nil && os.Getenv("CI") == "" {
				t.Skip("the framework is not installed: ", err)
			}
			cmd := exec.CommandContext(t.Context(), x.program, x.option, x.page)
			cmd.Dir, cmd.Stderr = "../../clients/examples/"+name, t.Output()
			cmd.Env = append(os.Environ(), "THUMBERY_URL="+s.URL, "THUMBERY_KEY="+key, "PYTHONPATH=../../python", "PYTHONDONTWRITEBYTECODE=1",
				"RUBYLIB=../../ruby/lib", "RAILS_ENV=production", "SECRET_KEY_BASE=x")
			page, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, page)
			}
			urls := urlsOf(string(page))
			if len(urls) != 6 { // two pictures, each in two densities and large
				t.Errorf("%d URLs in\n%s", len(urls), page)
			}
			for _, url := range urls {
				r := e2e.Get(t, url)
				if c, _, err := image.DecodeConfig(bytes.NewReader(r.Body)); r.Status != http.StatusOK || err != nil || c.Width == 0 {
					t.Errorf("%s: %d, %v", url, r.Status, err)
				}
				forged := strings.NewReplacer("/300x200", "/301x200", "/1280x", "/1281x").Replace(url)
				if r := e2e.Get(t, forged); r.Status != http.StatusForbidden {
					t.Errorf("%s: %d", forged, r.Status)
				}
			}
		})
	}
}

// urlsOf are those of a page's pictures, each once.
func urlsOf(page string) []string {
	var urls []string
	for _, match := range urlsOfPage.FindAllStringSubmatch(page, -1) {
		for candidate := range strings.SplitSeq(html.UnescapeString(match[1]), ", ") {
			url, _, _ := strings.Cut(candidate, " ")
			urls = append(urls, url)
		}
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}
