package metrics

import "time"

// registerShared adds what is counted of the tier that servers share.
func (m *Metrics) registerShared() {
	m.sharedRead = histograms("shared_read_seconds", "Time to read a derivative from the shared tier, by result (hit, miss, invalid, error).", "result")
	m.sharedSkipped = counters("shared_skipped_total", "Misses for which the shared tier was not asked, by reason (cheap, forgotten, open, busy).", "reason")
	m.sharedWritten = counters("shared_writes_total", "Derivatives made that were to be written to the shared tier, by result (ok, error, cheap, large, dropped, forgotten).", "result")
	m.sharedBytes = counters("shared_bytes_total", "Bytes of derivatives read from the shared tier, and written to it.", "direction")
	m.sharedRemoved = counters("shared_removals_total", "Forgotten pictures whose derivatives were to be removed from the shared tier, by result (ok or error).", "result")
	m.registry.MustRegister(m.sharedRead, m.sharedSkipped, m.sharedWritten, m.sharedBytes, m.sharedRemoved)
}

// SharedRead counts a read from the shared tier by its result.
func (m *Metrics) SharedRead(result string, took time.Duration, bytes int64) {
	m.sharedRead.WithLabelValues(result).Observe(took.Seconds())
	m.sharedBytes.WithLabelValues("read").Add(float64(bytes))
}

// SharedSkipped counts a derivative that the shared tier was not asked for.
func (m *Metrics) SharedSkipped(reason string) { m.sharedSkipped.WithLabelValues(reason).Inc() }

// SharedWritten counts a derivative that was to be written to the shared tier.
func (m *Metrics) SharedWritten(result string, bytes int64) {
	m.sharedWritten.WithLabelValues(result).Inc()
	m.sharedBytes.WithLabelValues("written").Add(float64(bytes))
}

// SharedRemoved counts a picture that was to be removed from the shared tier.
func (m *Metrics) SharedRemoved(err error) { m.sharedRemoved.WithLabelValues(result(err)).Inc() }
