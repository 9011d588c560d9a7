package metrics

import "github.com/prometheus/client_golang/prometheus"

// states is a gauge for each place of originals.
type states struct {
	desc *prometheus.Desc
	read func(func(place string, state int))
}

// Describe implements prometheus.Collector.
func (s *states) Describe(ch chan<- *prometheus.Desc) { ch <- s.desc }

// Collect implements prometheus.Collector.
func (s *states) Collect(ch chan<- prometheus.Metric) {
	s.read(func(place string, state int) {
		ch <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, float64(state), place)
	})
}

// settings is a gauge for each switch.
type settings struct {
	desc *prometheus.Desc
	read func(func(name, value string))
}

// Describe implements prometheus.Collector.
func (s *settings) Describe(ch chan<- *prometheus.Desc) { ch <- s.desc }

// Collect implements prometheus.Collector.
func (s *settings) Collect(ch chan<- prometheus.Metric) {
	s.read(func(name, value string) {
		ch <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, 1, name, value)
	})
}
