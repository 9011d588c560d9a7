package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/thumbery/thumbery/internal/panics"
)

// recovered counts panics by where they were recovered.
type recovered struct{ desc *prometheus.Desc }

func newRecovered() *recovered {
	return &recovered{desc("panics_total", "Panics that were recovered, by where: each cost one piece of work, and the log has its stack.", "where")}
}

// Describe implements prometheus.Collector.
func (r *recovered) Describe(ch chan<- *prometheus.Desc) { ch <- r.desc }

// Collect implements prometheus.Collector.
func (r *recovered) Collect(ch chan<- prometheus.Metric) {
	for where, n := range panics.Counts() {
		ch <- prometheus.MustNewConstMetric(r.desc, prometheus.CounterValue, float64(n), where)
	}
}
