package metrics

import (
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// Snapshot has the values of all metrics of Thumbery, by their names without "thumbery_".
type Snapshot map[string][]Sample

// Sample is a value of a metric.
type Sample struct {
	Labels map[string]string `json:"labels,omitempty"`
	// Value is that of a counter or a gauge. Of a histogram, it is how many values were observed.
	Value float64 `json:"value"`
	// Sum is that of the values that a histogram has observed; 0 for all others.
	Sum float64 `json:"sum,omitzero"`
}

// Snapshot reads all metrics, as a scrape does. It leaves out the buckets of histograms, and the metrics of
// the process.
func (m *Metrics) Snapshot() Snapshot {
	families, _ := m.registry.Gather() // an error is that of one metric, and the others are there
	s := Snapshot{}
	for _, f := range families {
		name, ours := strings.CutPrefix(f.GetName(), namespace+"_")
		if !ours {
			continue
		}
		for _, metric := range f.GetMetric() {
			s[name] = append(s[name], sampleOf(metric))
		}
	}
	return s
}

func sampleOf(m *dto.Metric) (s Sample) {
	for _, l := range m.GetLabel() {
		if s.Labels == nil {
			s.Labels = map[string]string{}
		}
		s.Labels[l.GetName()] = l.GetValue()
	}
	if h := m.GetHistogram(); h != nil {
		s.Value, s.Sum = float64(h.GetSampleCount()), h.GetSampleSum()
		return s
	}
	s.Value = m.GetCounter().GetValue() + m.GetGauge().GetValue() // one of them is nil, and gives 0
	return s
}
