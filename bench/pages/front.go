package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/nginx"
)

// front is an nginx with deploy/nginx-cache.conf before a server.
type front struct {
	*client
	nginx *nginx.Server
	kept  string // the directory of its cache
}

// nginx starts one with an empty cache, for a policy. What is in static, unless
// that is "", is served below /static/.
func (s *setup) nginx(server *server, p policy, static string) (*front, error) {
	kept := s.t.TempDir()
	n, err := nginx.Start(nginx.Config{
		File: "deploy/nginx-cache.conf", Cache: server.cache, Log: os.Stderr,
		Public: strings.TrimPrefix(server.url, "http://"), Admin: strings.TrimPrefix(server.admin.url, "http://"),
		Edit: func(conf string) string { return edited(conf, kept, p, static) },
	})
	if err != nil {
		return nil, err
	}
	return &front{newClient("http://" + n.Address), n, kept}, nil
}

func edited(conf, kept string, p policy, static string) string {
	conf = strings.Replace(conf, "/var/cache/nginx/thumbery", kept, 1)
	if p.after == "" {
		conf = strings.Replace(conf, "proxy_ignore_headers Cache-Control Expires;", "", 1)
	}
	if static != "" {
		location := "location /static/ { alias " + static + "/; default_type image/jpeg; sendfile on; tcp_nopush on; etag on; }\n"
		conf = strings.Replace(conf, "    location / {", location+"    location / {", 1)
	}
	return conf
}

func (f *front) end() {
	f.close()
	_ = f.nginx.Close() // what it had is in a temporary directory
}

// hottest is how many derivatives are asked for as often as can be.
const hottest = 50

// measureHot compares hits a second on what is hot, from nginx's cache and from
// files that it serves.
func (s *setup) measureHot(ctx context.Context, cache string, p policy, paths []string) error {
	if !program.HasWrk() {
		fmt.Println("hits a second: skipped, there is no wrk; install it with: apt-get install wrk")
		return nil
	}
	server, err := s.serve(cache, p.args()...)
	if err != nil {
		return err
	}
	defer server.end()
	static := s.t.TempDir()
	f, err := s.nginx(server, p, static)
	if err != nil {
		return err
	}
	defer f.end()
	paths = paths[:hottest]
	files, err := f.heat(ctx, paths, static)
	if err != nil {
		return err
	}
	return s.compareHits(f.url, []*contestant{{name: "static files", paths: files}, {name: "what is hot, from the cache", paths: paths}})
}

// heat asks until nginx has them all, and keeps the same bytes as files.
func (f *front) heat(ctx context.Context, paths []string, static string) (files []string, err error) {
	for i, path := range paths {
		const most = 100
		for asked := 0; ; asked++ {
			a, err := f.picture(ctx, path, "")
			if err != nil {
				return nil, err
			}
			if strings.Contains(strings.Join(a.Header.Values("Cache-Status"), ", "), "nginx;hit") {
				name := fmt.Sprint(i, ".jpg")
				files = append(files, "/static/"+name)
				if err := os.WriteFile(filepath.Join(static, name), a.Body, 0o644); err != nil {
					return nil, err
				}
				break
			}
			if asked == most {
				return nil, fmt.Errorf("nginx keeps no %s after %d requests", path, most)
			}
		}
	}
	return files, nil
}

// contestant is a way to get the same bytes.
type contestant struct {
	name  string
	paths []string
	rates []float64
}

func (s *setup) compareHits(url string, all []*contestant) error {
	const seconds = 3
	script := filepath.Join(s.t.TempDir(), "paths.lua")
	for round := range s.rounds + 1 { // the first one to warm up
		for _, c := range all {
			if err := os.WriteFile(script, []byte(lua(c.paths)), 0o644); err != nil {
				return err
			}
			result, err := program.Wrk(seconds, url, "-s", script)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				c.rates = append(c.rates, result.Rate)
			}
		}
	}
	fmt.Printf("# Hits a second of nginx on %d derivatives, c=%d\n", hottest, program.WrkConnections)
	for _, c := range all {
		ratios := make([]float64, len(c.rates))
		for i := range ratios {
			ratios[i] = c.rates[i] / all[0].rates[i]
		}
		fmt.Printf("%-30s %8.0f %6.2f, in each round %.2f\n", c.name, quantile(c.rates, .5), quantile(slices.Clone(ratios), .5), ratios)
	}
	fmt.Println()
	return nil
}

// lua has wrk ask for paths in turn.
func lua(paths []string) string {
	quoted := make([]string, len(paths))
	for i, path := range paths {
		quoted[i] = fmt.Sprintf("%q", path)
	}
	return `local paths, asked, n = {` + strings.Join(quoted, ", ") + `}, {}, 0
function init() for i, path in ipairs(paths) do asked[i] = wrk.format("GET", path) end end
function request() n = n % #asked + 1; return asked[n] end
`
}
