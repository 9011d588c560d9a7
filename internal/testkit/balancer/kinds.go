package balancer

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/haproxy"
	"github.com/thumbery/thumbery/internal/testkit/nginx"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/varnish"
)

func startNginx(t pinned.T, c Config, b *Balancer) {
	t.Helper()
	log, kept := &pinned.Log{}, t.TempDir()
	config := nginx.Config{File: filepath.Join(c.Dir, "nginx.conf"), Log: log, Workers: 1, Edit: func(text string) string {
		text = pinned.Edit(t, text, "/var/cache/nginx/thumbery", kept)
		return b.edit(b.nodeLines(
			t, text,
			func(number int) string {
				return fmt.Sprintf("    server 10.0.0.%d:8080 weight=10 fail_timeout=5s;     # CHANGE\n", number)
			},
			func(_ int, n Node) string { return "    server " + n.Public + " weight=10 fail_timeout=5s;" },
		))
	}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nginx:\n%s", log)
		}
	})
	s, err := nginx.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // in a temporary directory
	b.Address = s.Address
	b.states = func() []State { return nil }
	b.reload = func(t pinned.T) {
		if err := s.Reload(config); err != nil {
			t.Fatal(err)
		}
	}
}

func startHAProxy(t pinned.T, c Config, b *Balancer) {
	t.Helper()
	config := haproxy.Config{File: filepath.Join(c.Dir, "haproxy.cfg"), Edit: func(text string) string {
		text = b.nodeLines(
			t, text,
			func(number int) string {
				return fmt.Sprintf("    server node%[1]d 10.0.0.%[1]d:8080 id %[1]d             # CHANGE\n", number)
			},
			func(number int, n Node) string {
				return fmt.Sprintf("    server node%[1]d %[2]s id %[1]d check port %[3]s", number, n.Public, port(n.Admin))
			},
		)
		return b.edit(b.nodeLines(
			t, text,
			func(number int) string {
				return fmt.Sprintf("    server any%[1]d 10.0.0.%[1]d:8080 id %[1]d              # CHANGE\n", number)
			},
			func(number int, n Node) string {
				return fmt.Sprintf("    server any%[1]d %[2]s id %[1]d", number, n.Public)
			},
		))
	}}
	s := haproxy.Start(t, config)
	b.Address = s.Address
	b.reload = func(t pinned.T) { s.Reload(t, config) }
	b.states = func() []State {
		states := make([]State, len(b.nodes))
		for i := range states {
			states[i] = map[string]State{"UP": Up, "DOWN": Down}[s.State(fmt.Sprint("node", i+1))]
		}
		return states
	}
}

func startVarnish(t pinned.T, c Config, b *Balancer) {
	t.Helper()
	config := varnish.Config{File: filepath.Join(c.Dir, "varnish.vcl"), Edit: func(text string) string {
		pairs := []string{"sub vcl_init {\n", b.varnishBackends(t, text) + "sub vcl_init {\n"}
		for number := 1; number <= 3; number++ {
			pairs = append(pairs, varnishBackend(text, number), "")
		}
		text = b.lines(t, pinned.Edit(t, text, pairs...), "    cluster.add_backend(node%[1]d);")
		text = b.lines(t, text, "    anyway.add_backend(any%[1]d, ident=\"node%[1]d\");")
		const probeless = `backend any%d { .host = %q; .port = %q; .connect_timeout = 1s; .first_byte_timeout = 90s; }`
		return b.edit(b.nodeLines(
			t, text,
			func(number int) string {
				return fmt.Sprintf(probeless+"    # CHANGE\n", number, fmt.Sprint("10.0.0.", number), "8080")
			},
			func(number int, n Node) string { return fmt.Sprintf(probeless, number, host(n.Public), port(n.Public)) },
		))
	}}
	s := varnish.Start(t, config)
	b.Address = s.Address
	b.reload = func(t pinned.T) { s.Reload(t, config) }
	b.states = func() []State {
		states := make([]State, len(b.nodes))
		for i := range states {
			states[i] = map[bool]State{true: Up, false: Down}[s.Healthy(fmt.Sprint("node", i+1))]
		}
		return states
	}
}

// varnishBackend is the definition of a node's backend in the file.
func varnishBackend(text string, number int) string {
	head := fmt.Sprintf("backend node%d {", number)
	_, rest, _ := strings.Cut(text, head)
	body, _, _ := strings.Cut(rest, "\n}\n")
	return head + body + "\n}\n"
}

// varnishBackends are the definitions of all nodes, each as that of the first one.
func (b *Balancer) varnishBackends(t pinned.T, text string) string {
	t.Helper()
	example := varnishBackend(text, 1)
	var all strings.Builder
	for i, n := range b.nodes {
		all.WriteString(pinned.Edit(
			t, example, "node1", fmt.Sprint("node", i+1),
			`.host = "10.0.0.1"; .port = "8080";`, fmt.Sprintf(`.host = %q; .port = %q;`, host(n.Public), port(n.Public)),
		))
	}
	return all.String()
}
