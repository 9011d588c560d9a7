package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tool finds a program that checks a file of deploy/, or skips the test.
func tool(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s; install it with: apt-get install %s", name, debian)
	}
	return path
}

func TestAlertRules(t *testing.T) {
	promtool := tool(t, "promtool", "prometheus")
	for _, args := range [][]string{
		{"check", "rules", "../deploy/prometheus/alerts.yml"},
		{"test", "rules", "../deploy/prometheus/alerts_test.yml"},
	} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

var (
	ownMetric   = regexp.MustCompile(`\bthumbery_[a-z_]+`)
	metricType  = regexp.MustCompile(`(?m)^# TYPE (thumbery_[a-z_]+) (\w+)$`)
	outcomeName = regexp.MustCompile(`outcome=~?"([a-z|-]+)"`)
	alertName   = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
)

// What alerts look at is there, what is there is explained, and so is every
// alert.
func TestMetricsAreExplained(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir())
	r, err := do(http.MethodGet, s.url+"/300x/odd/gray.jpg")
	if err != nil || r.status != http.StatusOK {
		t.Fatal(r.status, err)
	}
	manual := string(read(t, "../docs/monitoring.md"))
	alerts := string(read(t, "../deploy/prometheus/alerts.yml"))
	known := map[string]bool{}
	for _, m := range metricType.FindAllStringSubmatch(string(get(t, s.admin+"/metrics").body), -1) {
		known[m[1]] = true
		if m[2] == "histogram" {
			known[m[1]+"_bucket"], known[m[1]+"_count"] = true, true
		}
		if !strings.Contains(manual, "`"+m[1]) {
			t.Errorf("docs/monitoring.md does not explain %s", m[1])
		}
	}
	// Counters of what has not happened yet are not shown.
	known["thumbery_cache_write_errors_total"] = true
	for _, name := range ownMetric.FindAllString(alerts, -1) {
		if !known[name] {
			t.Errorf("an alert looks at %s, which is not there", name)
		}
	}
	problems := string(read(t, "../api/problem.go")) + `"memory" "disk" "miss" "shared"`
	for _, m := range outcomeName.FindAllStringSubmatch(alerts, -1) {
		for name := range strings.SplitSeq(m[1], "|") {
			if !strings.Contains(problems, `"`+name+`"`) {
				t.Errorf("an alert looks at the outcome %q, which there is none of", name)
			}
		}
	}
	for _, m := range alertName.FindAllStringSubmatch(alerts, -1) {
		if !strings.Contains(manual, "`"+m[1]+"`") {
			t.Errorf("docs/monitoring.md does not say what to do about %s", m[1])
		}
	}
}

// systemd finds nothing wrong with its units.
func TestSystemdUnits(t *testing.T) {
	analyze := tool(t, "systemd-analyze", "systemd")
	dir := t.TempDir()
	var units []string
	for _, pattern := range []string{"*.service", "*.socket", "*.timer"} {
		found, err := filepath.Glob("../deploy/systemd/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			unit := filepath.Join(dir, filepath.Base(file))
			// The program is not where the unit has it, on most machines.
			text := strings.ReplaceAll(string(read(t, file)), "/usr/local/bin/thumbery", binary)
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

// The commands of cron and systemd are ones that the program understands.
func TestPurgeCommands(t *testing.T) {
	cache := t.TempDir()
	serve(t, "--source", "/=file:"+testdata(t), "--cache", cache)
	var environment []string
	for line := range strings.Lines(string(read(t, "../deploy/systemd/thumbery.env"))) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			environment = append(environment, line)
		}
	}
	for _, command := range []struct{ file, pattern string }{
		{"../deploy/cron.d/thumbery", `(?m)^17 .* nice -n 10 thumbery (purge .*) >/dev/null$`},
		{"../deploy/systemd/thumbery-purge.service", `(?m)^ExecStart=/usr/local/bin/thumbery (purge .*)$`},
	} {
		m := regexp.MustCompile(command.pattern).FindStringSubmatch(string(read(t, command.file)))
		if m == nil {
			t.Errorf("%s has no purge", command.file)
			continue
		}
		args := strings.Fields(strings.NewReplacer(`\%`, "%", "/var/cache/thumbery", cache).Replace(m[1]))
		cmd := exec.Command(binary, args...)
		cmd.Env = append(os.Environ(), append(environment, "THUMBERY_CACHE="+cache)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}
