package kubernetes_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
)

const haproxyFile = "../cluster/haproxy.cfg"

func haproxyConfig(t *testing.T, all manifests) string {
	t.Helper()
	return get[*core.ConfigMap](t, all, "img-thumbery-balancer").Data["haproxy.cfg"]
}

// TestHAProxySameFile: the configuration is deploy/cluster/haproxy.cfg, but for where it
// listens, the nodes, and what comes after it.
func TestHAProxySameFile(t *testing.T) {
	data, err := os.ReadFile(haproxyFile)
	if err != nil {
		t.Fatal(err)
	}
	want := withoutServers(strings.Replace(string(data), "    bind :80 ", "    bind :8080 ", 1))
	got := withoutServers(haproxyConfig(t, render(t, "values-3.yaml")))
	for i, line := range want {
		if i >= len(got) || got[i] != line {
			t.Fatalf("not in the chart: %s", line)
		}
	}
}

// withoutServers are the lines of a configuration that do not name a node.
func withoutServers(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "    server ") && !strings.HasPrefix(line, "    default-server resolvers ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// Every node is on the ring by the number of its pod.
func TestHAProxyNodes(t *testing.T) {
	for file, nodes := range map[string]int{"values-3.yaml": 3, "values-30.yaml": 30} {
		config := haproxyConfig(t, render(t, file))
		if n := strings.Count(config, "\n    server "); n != 2*nodes {
			t.Errorf("%s: %d servers", file, n)
		}
		for i := range nodes {
			const address = "img-thumbery-%[2]d.img-thumbery-nodes.pictures.svc.cluster.local:8080"
			for _, format := range []string{"\n    server node%[1]d " + address + " id %[1]d\n", "\n    server any%[1]d " + address + " id %[1]d\n"} {
				if line := fmt.Sprintf(format, i+1, i); !strings.Contains(config, line) {
					t.Errorf("%s: there is no line %q", file, line)
				}
			}
		}
	}
}

func TestHAProxyBalanceFactor(t *testing.T) {
	const line = "\n    hash-balance-factor "
	if config := haproxyConfig(t, render(t, "values-3.yaml")); strings.Contains(config, line) {
		t.Error("the load is bounded")
	}
	if config := haproxyConfig(t, render(t, "values-3.yaml", "balancer.balanceFactor=150")); !strings.Contains(config, line+"150\n") {
		t.Error("the load is not bounded")
	}
}

// TestHAProxyAccepts: a real HAProxy accepts the configuration.
func TestHAProxyAccepts(t *testing.T) {
	program, err := exec.LookPath("haproxy")
	if err != nil {
		program = "/usr/sbin/haproxy" // Debian keeps it there
	}
	for _, file := range []string{"values-3.yaml", "values-30.yaml"} {
		path := filepath.Join(t.TempDir(), "haproxy.cfg")
		if err := os.WriteFile(path, []byte(haproxyConfig(t, render(t, file, "balancer.balanceFactor=150"))), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), program, "-c", "-dW", "-f", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}
