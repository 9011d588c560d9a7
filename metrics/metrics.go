// Package metrics counts what other packages observe, and exports it in Prometheus'
// format. It is the only package that knows Prometheus.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
)

const namespace = "thumbery"

// Metrics implements the observers of api, pipeline and storage.
type Metrics struct {
	registry *prometheus.Registry

	sent, fetchBytes, invalidationsLost prometheus.Counter

	duration, step, fetch, resize, sharedRead *prometheus.HistogramVec

	requests, cacheBytes, cacheErrors, primed                *prometheus.CounterVec
	originRequests, diverted, repaired, revalidated          *prometheus.CounterVec
	sharedSkipped, sharedWritten, sharedBytes, sharedRemoved *prometheus.CounterVec
	hooked, frontPurged, invalidated                         *prometheus.CounterVec
}

// buckets are in seconds, from a hit in memory to a slow origin.
var buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// New returns Metrics with all counters and histograms. Watch adds the rest.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registerRequests()
	m.registerOrigins()
	m.registerShared()
	m.registerInvalidations()
	m.counts("panics_total", "Recovered panics, by where. Each cost one request, fetch or purge; the log has its stack.", func(emit emitter) {
		for where, n := range panics.Counts() {
			emit(float64(n), where)
		}
	}, "where")
	return m
}

// registerRequests adds what is counted of requests, and of the work for them.
func (m *Metrics) registerRequests() {
	m.requests = m.counters("requests_total", "Responses by outcome (memory, disk, bucket, miss, shared, redirect, or the kind of error) and status.", "outcome", "status")
	m.duration = m.histograms("request_seconds", "Time until a response was sent, by outcome.", "outcome")
	m.step = m.histograms("step_seconds", "Time of each step of a miss, as in Server-Timing: fetch, queue, look, resize, store; bucket is reading it from the shared tier.", "step")
	m.sent = m.counter("sent_bytes_total", "Bytes of bodies that this server sent itself.")
	m.fetch = m.histograms("fetch_seconds", "Time to fetch an original, by result (ok or error).", "result")
	m.fetchBytes = m.counter("fetched_bytes_total", "Bytes of originals fetched.")
	m.resize = m.histograms("resize_seconds", "Time to make a derivative that a request waits for, without the time in the queue, by what it is made of (original or mezzanine) and result (ok or error).", "of", "result")
	m.cacheBytes = m.counters("cache_written_bytes_total", "Bytes written to the disk cache, by tier.", "tier")
	m.cacheErrors = m.counters("cache_write_errors_total", "Failed writes to the disk cache, by tier.", "tier")
	m.primed = m.counters("primed_total", "Derivatives made in advance, by result (ok or error).", "result")
}

// registerOrigins adds what is counted of backends.
func (m *Metrics) registerOrigins() {
	m.originRequests = m.counters("origin_requests_total", "Requests to a backend by result: ok, absent (not found), same (not modified), refused, unavailable, transient, broken (the body failed), abandoned (the client left).", "origin", "result")
	m.diverted = m.counters("origin_diverted_total", "Originals requested from another mirror, by reason (failover, hedge, resume).", "origin", "reason")
	m.repaired = m.counters("repairs_total", "Originals to be copied to the first backend of their chain, by result (ok, error, dropped).", "result")
	m.revalidated = m.counters("revalidations_total", "Originals revalidated, by answer: same (not modified), changed, gone, failed.", "answer")
}

// registerShared adds what is counted of the tier that servers share.
func (m *Metrics) registerShared() {
	m.sharedRead = m.histograms("shared_read_seconds", "Time to read a derivative from the shared tier, by result (hit, miss, invalid, error).", "result")
	m.sharedSkipped = m.counters("shared_skipped_total", "Misses for which the shared tier was not asked, by reason (cheap, forgotten, open, busy).", "reason")
	m.sharedWritten = m.counters("shared_writes_total", "Derivatives made that were to be written to the shared tier, by result (ok, error, cheap, large, dropped, forgotten).", "result")
	m.sharedBytes = m.counters("shared_bytes_total", "Bytes of derivatives read from the shared tier, and written to it.", "direction")
	m.sharedRemoved = m.counters("shared_removals_total", "Forgotten pictures whose derivatives were to be removed from the shared tier, by result (ok or error).", "result")
}

// registerInvalidations adds what is counted of pictures that are to be forgotten.
func (m *Metrics) registerInvalidations() {
	m.hooked = m.counters("hooks_total", "Objects in bucket notifications (created, removed, ignored, failed), and notifications that were forbidden or malformed.", "outcome")
	m.frontPurged = m.counters("front_purges_total", "Requests to purge a cache in front, by result: ok, busy (429), failed (5xx, or no answer), refused (4xx).", "cache", "result")
	m.invalidated = m.counters("invalidations_total", "Pictures forgotten, by who has said so first: here (this process), process (another one with this cache directory), peer (another node).", "source")
	m.invalidationsLost = m.counter("invalidations_lost_total", "Events that a node or a cache in front was too far behind to get: it may have old pictures.")
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	return promauto.With(m.registry).NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return promauto.With(m.registry).NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func (m *Metrics) histograms(name, help string, labels ...string) *prometheus.HistogramVec {
	return promauto.With(m.registry).NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

// Handler serves the metrics. Clients that accept OpenMetrics get exemplars, too.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Answered counts a response. trace is the id of its trace, or "".
func (m *Metrics) Answered(outcome string, status int, bytes int64, took time.Duration, trace string) {
	m.requests.WithLabelValues(outcome, statusLabel(status)).Inc()
	observe(m.duration.WithLabelValues(outcome), took, trace)
	m.sent.Add(float64(bytes))
}

// Stepped counts a step of what was done for a response. trace is the id of its trace, or "".
func (m *Metrics) Stepped(step string, took time.Duration, trace string) {
	observe(m.step.WithLabelValues(step), took, trace)
}

// observe counts a time, with a trace as an example of it.
func observe(h prometheus.Observer, took time.Duration, trace string) {
	if trace == "" {
		h.Observe(took.Seconds())
		return
	}
	h.(prometheus.ExemplarObserver).ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": trace})
}

// statusLabel has one value for all statuses outside HTTP's range, so that the number of
// labels is bounded. No handler of ours sends them.
func statusLabel(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return strconv.Itoa(status)
}

// Fetched counts a fetch from an origin.
func (m *Metrics) Fetched(took time.Duration, bytes int64, err error) {
	m.fetch.WithLabelValues(result(err)).Observe(took.Seconds())
	m.fetchBytes.Add(float64(bytes))
}

// Resized counts a derivative made of "original" or "mezzanine".
func (m *Metrics) Resized(of string, took time.Duration, err error) {
	m.resize.WithLabelValues(of, result(err)).Observe(took.Seconds())
}

// Kept counts a write to the disk cache.
func (m *Metrics) Kept(tier eviction.Tier, bytes int64, err error) {
	if err != nil {
		m.cacheErrors.WithLabelValues(tier.String()).Inc()
		return
	}
	m.cacheBytes.WithLabelValues(tier.String()).Add(float64(bytes))
}

func result(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

// OriginRequest counts a request to a backend by its result.
func (m *Metrics) OriginRequest(backend, result string) {
	m.originRequests.WithLabelValues(backend, result).Inc()
}

// Diverted counts an original that was requested from another mirror.
func (m *Metrics) Diverted(backend, reason string) { m.diverted.WithLabelValues(backend, reason).Inc() }

// Repaired counts an original that was to be copied to the first backend of its chain.
func (m *Metrics) Repaired(result string) { m.repaired.WithLabelValues(result).Inc() }

// Revalidated counts a revalidation by its answer.
func (m *Metrics) Revalidated(answer string) { m.revalidated.WithLabelValues(answer).Inc() }

// Primed counts a derivative that was to be made in advance.
func (m *Metrics) Primed(err error) { m.primed.WithLabelValues(result(err)).Inc() }

// Hooked counts the outcome of an object in a bucket notification.
func (m *Metrics) Hooked(outcome string) { m.hooked.WithLabelValues(outcome).Inc() }

// Invalidated counts a picture that was forgotten, by who has said so first.
func (m *Metrics) Invalidated(source string) { m.invalidated.WithLabelValues(source).Inc() }

// InvalidationsLost counts events that came too late.
func (m *Metrics) InvalidationsLost(events uint64) { m.invalidationsLost.Add(float64(events)) }

// FrontPurged counts a request to purge a cache in front.
func (m *Metrics) FrontPurged(cache, result string) {
	m.frontPurged.WithLabelValues(cache, result).Inc()
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
