package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/thumbery/thumbery/cache/eviction"
)

var (
	descriptor = regexp.MustCompile(`^Desc\{fqName: "(\w+)", .*variableLabels: \{([^}]*)\}\}$`)
	metricName = regexp.MustCompile(`\b(?:thumbery|process|go)_\w+`)
	matchers   = regexp.MustCompile(`\b((?:thumbery|process|go)_\w+)\{([^}]*)\}`)
	matched    = regexp.MustCompile(`(\w+) *(?:=|!=|=~|!~) *"`)
	grouping   = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
	inLegend   = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

// labelsOfAll has the names of the labels of every metric that a server has.
func labelsOfAll(t *testing.T) map[string][]string {
	t.Helper()
	m := New()
	none := func() int { return 0 }
	m.Watch("", State{Gate: nil, Background: none, Stock: func() (all [eviction.Tiers]eviction.Count) { return all }, Purged: func() time.Time { return time.Time{} }})
	all := map[string][]string{}
	descriptions := make(chan *prometheus.Desc)
	go func() {
		m.registry.Describe(descriptions)
		close(descriptions)
	}()
	for d := range descriptions {
		found := descriptor.FindStringSubmatch(d.String())
		if found == nil {
			t.Fatalf("%v", d)
		}
		all[found[1]] = append(strings.FieldsFunc(found[2], func(r rune) bool { return r == ',' || r == ' ' }), "instance", "job")
	}
	return all
}

// labelsOf returns the labels of a metric, or of a part of a histogram.
func labelsOf(all map[string][]string, name string) (labels []string, ok bool) {
	if labels, ok = all[name]; ok {
		return labels, true
	}
	for _, part := range []string{"_bucket", "_count", "_sum"} {
		if base, is := strings.CutSuffix(name, part); is && strings.HasSuffix(base, "_seconds") {
			labels, ok = all[base]
			return append(slices.Clone(labels), "le"), ok
		}
	}
	return nil, false
}

// checkExpr checks the metrics and labels of an expression in PromQL, and those in the legend of
// its graph.
func checkExpr(t *testing.T, all map[string][]string, expr, legend string) {
	t.Helper()
	known := []string{"instance", "job"}
	for _, name := range metricName.FindAllString(expr, -1) {
		labels, ok := labelsOf(all, name)
		if !ok {
			t.Errorf("there is no metric %s: %s", name, expr)
		}
		known = append(known, labels...)
	}
	for _, m := range matchers.FindAllStringSubmatch(expr, -1) {
		labels, _ := labelsOf(all, m[1])
		for _, label := range matched.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(labels, label[1]) {
				t.Errorf("%s has no label %s: %s", m[1], label[1], expr)
			}
		}
	}
	grouped := []string{}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.FieldsFuncSeq(g[1], func(r rune) bool { return r == ',' || r == ' ' }) {
			if grouped = append(grouped, label); !slices.Contains(known, label) {
				t.Errorf("no metric has the label %s: %s", label, expr)
			}
		}
	}
	if !regexp.MustCompile(`\b(sum|max|count|histogram_quantile)\b`).MatchString(expr) {
		grouped = known
	}
	for _, label := range inLegend.FindAllStringSubmatch(legend, -1) {
		if !slices.Contains(grouped, label[1]) {
			t.Errorf("the legend %s is of a label that is not there: %s", legend, expr)
		}
	}
}

// Every metric and label that the dashboard shows exists, and every metric is in it.
func TestDashboard(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../deploy/grafana/thumbery.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Templating struct {
			List []struct{ Name string }
		}
		Panels []struct {
			ID      int
			Title   string
			Targets []struct {
				Datasource         struct{ UID string }
				Expr, LegendFormat string
			}
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	all := labelsOfAll(t)
	var ids []int
	for _, p := range dashboard.Panels {
		if ids = append(ids, p.ID); p.Title == "" {
			t.Errorf("panel %d has no title", p.ID)
		}
		for _, target := range p.Targets {
			checkExpr(t, all, target.Expr, target.LegendFormat)
			if target.Datasource.UID != "${datasource}" || !strings.Contains(target.Expr, `{job="$job", instance=~"$instance"`) {
				t.Errorf("%s is not of the job and the server chosen: %s", p.Title, target.Expr)
			}
		}
	}
	if slices.Sort(ids); len(ids) < 40 || len(slices.Compact(ids)) != len(dashboard.Panels) {
		t.Errorf("the ids are %v", ids)
	}
	for name := range all {
		whole := regexp.MustCompile(`\b` + name + `(_bucket|_count|_sum)?\b`)
		if strings.HasPrefix(name, namespace) && !whole.Match(data) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
	if len(all) < 60 || len(dashboard.Templating.List) != 3 {
		t.Errorf("%d metrics, and the variables %v", len(all), dashboard.Templating.List)
	}
}

// The alerts look at metrics and labels that exist.
func TestAlerts(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?m)^ +expr: (?:>\n)?((?:.*\n)+?) +(?:for|labels):`).FindAllStringSubmatch(string(data), -1)
	if len(rules) != strings.Count(string(data), "- alert:") {
		t.Fatalf("%d expressions", len(rules))
	}
	all := labelsOfAll(t)
	for _, rule := range rules {
		if !strings.Contains(rule[1], "node_") { // of node_exporter
			checkExpr(t, all, rule[1], "")
		}
	}
}
