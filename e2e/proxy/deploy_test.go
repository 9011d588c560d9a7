package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

func TestAlertRules(t *testing.T) {
	t.Parallel()
	promtool(t, "check", "rules", "../../deploy/prometheus/alerts.yml")
	promtool(t, "test", "rules", "../../deploy/prometheus/alerts_test.yml")
	tests := string(e2e.Read(t, "../../deploy/prometheus/alerts_test.yml"))
	for _, m := range alertName.FindAllStringSubmatch(string(e2e.Read(t, "../../deploy/prometheus/alerts.yml")), -1) {
		if !regexp.MustCompile(`alertname: ` + m[1] + `\n +exp_alerts:`).MatchString(tests) {
			t.Errorf("no test has %s fire", m[1])
		}
		if !strings.Contains(tests, "alertname: "+m[1]+"}") {
			t.Errorf("no test has %s not fire", m[1])
		}
	}
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(e2e.Tool(t, "promtool", "prometheus"), args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
}

// Every expression of the dashboard is PromQL.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var rules []map[string]string
	for _, expr := range dashboardExprs(t) {
		rules = append(rules, map[string]string{"record": fmt.Sprintf("expression:%d", len(rules)), "expr": strings.ReplaceAll(expr, "$__rate_interval", "5m")})
	}
	// JSON is YAML.
	data, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}

func dashboardExprs(t *testing.T) (all []string) {
	t.Helper()
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(e2e.Read(t, "../../deploy/grafana/thumbery.json"), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	if len(all) < 60 {
		t.Errorf("%d expressions", len(all))
	}
	return all
}

var (
	ownMetric   = regexp.MustCompile(`\bthumbery_[a-z_]+`)
	metricType  = regexp.MustCompile(`(?m)^# TYPE (thumbery_[a-z_]+) (\w+)$`)
	outcomeName = regexp.MustCompile(`outcome(?:=|=~|!~)"([a-z|-]+)"`)
	alertName   = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
)

// Alerts use existing metrics, and all metrics and alerts are documented.
func TestMetricsAreExplained(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--shared", "s3://none?endpoint=http://127.0.0.1:1", "--tag-header", "xkey", "--purge-url", "http://127.0.0.1:1/")
	r, err := e2e.Do(http.MethodGet, s.URL+"/300x/odd/gray.jpg")
	if err != nil || r.Status != http.StatusOK {
		t.Fatal(r.Status, err)
	}
	manual := string(e2e.Read(t, "../../docs/monitoring.md"))
	alerts := string(e2e.Read(t, "../../deploy/prometheus/alerts.yml"))
	known := map[string]bool{}
	for _, m := range metricType.FindAllStringSubmatch(string(e2e.Get(t, s.Admin+"/metrics").Body), -1) {
		known[m[1]] = true
		if m[2] == "histogram" {
			known[m[1]+"_bucket"], known[m[1]+"_count"], known[m[1]+"_sum"] = true, true, true
		}
		if !strings.Contains(manual, "`"+m[1]) {
			t.Errorf("docs/monitoring.md does not explain %s", m[1])
		}
	}
	// Counters of what has not happened yet are not shown, but explained: package metrics tests
	// that they exist.
	for _, name := range ownMetric.FindAllString(alerts+strings.Join(dashboardExprs(t), " "), -1) {
		if !known[name] && !strings.Contains(manual, "`"+strings.TrimSuffix(name, "_count")) {
			t.Errorf("an alert or the dashboard looks at %s, which is not there", name)
		}
	}
	problems := string(e2e.Read(t, "../../api/problem.go")) + `"memory" "disk" "bucket" "miss" "shared" "redirect"`
	for _, m := range outcomeName.FindAllStringSubmatch(alerts+strings.Join(dashboardExprs(t), " "), -1) {
		for name := range strings.SplitSeq(m[1], "|") {
			if !strings.Contains(problems, `"`+name+`"`) {
				t.Errorf("an alert or the dashboard looks at the outcome %q, which there is none of", name)
			}
		}
	}
	for _, m := range alertName.FindAllStringSubmatch(alerts, -1) {
		if !strings.Contains(manual, "`"+m[1]+"`") {
			t.Errorf("docs/monitoring.md does not say what to do about %s", m[1])
		}
	}
}

// systemd accepts its units.
func TestSystemdUnits(t *testing.T) {
	t.Parallel()
	analyze := e2e.Tool(t, "systemd-analyze", "systemd")
	dir := t.TempDir()
	var units []string
	for _, pattern := range []string{"*.service", "*.socket", "*.timer"} {
		found, err := filepath.Glob("../../deploy/systemd/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			unit := filepath.Join(dir, filepath.Base(file))
			// The program is not where the unit has it, on most machines.
			text := strings.ReplaceAll(string(e2e.Read(t, file)), "/usr/local/bin/thumbery", e2e.Binary)
			if err := os.WriteFile(unit, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			units = append(units, unit)
		}
	}
	if len(units) != 5 {
		t.Errorf("units %v", units)
	}
	out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, units...)...).CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("%v\n%s", err, out)
	}
}

// The program accepts the commands of cron and systemd.
func TestPurgeCommands(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache)
	var environment []string
	for line := range strings.Lines(string(e2e.Read(t, "../../deploy/systemd/thumbery.env"))) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			environment = append(environment, line)
		}
	}
	for _, command := range []struct{ file, pattern string }{
		{"../../deploy/cron.d/thumbery", `(?m)^17 .* nice -n 10 thumbery (purge .*) >/dev/null$`},
		{"../../deploy/systemd/thumbery-purge.service", `(?m)^ExecStart=/usr/local/bin/thumbery (purge .*)$`},
	} {
		m := regexp.MustCompile(command.pattern).FindStringSubmatch(string(e2e.Read(t, command.file)))
		if m == nil {
			t.Errorf("%s has no purge", command.file)
			continue
		}
		args := strings.Fields(strings.NewReplacer(`\%`, "%", "/var/cache/thumbery", cache).Replace(m[1]))
		cmd := exec.Command(e2e.Binary, args...)
		cmd.Env = append(os.Environ(), append(environment, "THUMBERY_CACHE="+cache)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}
