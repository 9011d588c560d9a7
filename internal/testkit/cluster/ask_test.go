package cluster

import "testing"

func TestSumMetric(t *testing.T) {
	t.Parallel()
	const text = `# HELP n_total Things.
# TYPE n_total counter
n_total{of="a",result="ok"} 2
n_total{of="a",result="error"} 3
n_total{of="ab",result="ok"} 40
n_totals 1000
plain 7.5
`
	for metric, want := range map[string]float64{
		"n_total": 45, `n_total{of="a"}`: 5, `n_total{of="a",result="ok"}`: 2, "plain": 7.5, "none": 0, "n_tot": 0,
	} {
		if got, err := sumMetric([]byte(text), metric); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", metric, got, err, want)
		}
	}
	if _, err := sumMetric([]byte("plain x"), "plain"); err == nil {
		t.Error("no error")
	}
}
