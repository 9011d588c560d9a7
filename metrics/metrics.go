// Package metrics counts what other packages observe, and exports it in Prometheus'
// format. It is the only package that knows Prometheus.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/thumbery/thumbery/cache/eviction"
)

const namespace = "thumbery"

// Metrics implements the observers of api, pipeline and storage.
type Metrics struct {
	registry *prometheus.Registry

	requests    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	step        *prometheus.HistogramVec
	sent        prometheus.Counter
	fetch       *prometheus.HistogramVec
	fetchBytes  prometheus.Counter
	resize      *prometheus.HistogramVec
	cacheBytes  *prometheus.CounterVec
	cacheErrors *prometheus.CounterVec

	originRequests *prometheus.CounterVec
	diverted       *prometheus.CounterVec
	repaired       *prometheus.CounterVec
	revalidated    *prometheus.CounterVec
	primed         *prometheus.CounterVec

	sharedRead    *prometheus.HistogramVec
	sharedSkipped *prometheus.CounterVec
	sharedWritten *prometheus.CounterVec
	sharedBytes   *prometheus.CounterVec
	sharedRemoved *prometheus.CounterVec

	hooked      *prometheus.CounterVec
	frontPurged *prometheus.CounterVec

	invalidated       *prometheus.CounterVec
	invalidationsLost prometheus.Counter
}

// buckets are in seconds, from a hit in memory to a slow origin.
var buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// New returns Metrics with all counters and histograms. Watch adds the rest.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("requests_total", "Responses by outcome (memory, disk, bucket, miss, shared, redirect, or the kind of error) and status.", "outcome", "status"),
		duration: histograms("request_seconds", "Time until a response was sent, by outcome.", "outcome"),
		step:     histograms("step_seconds", "Time of each step of a miss, as in Server-Timing: fetch, queue, look, resize, store; bucket is reading it from the shared tier.", "step"),
		sent:     counter("sent_bytes_total", "Bytes of bodies that this server sent itself."),
		fetch:    histograms("fetch_seconds", "Time to fetch an original, by result (ok or error).", "result"),

		fetchBytes:  counter("fetched_bytes_total", "Bytes of originals fetched."),
		resize:      histograms("resize_seconds", "Time to make a derivative that a request waits for, without the time in the queue, by what it is made of (original or mezzanine) and result (ok or error).", "of", "result"),
		cacheBytes:  counters("cache_written_bytes_total", "Bytes written to the disk cache, by tier.", "tier"),
		cacheErrors: counters("cache_write_errors_total", "Failed writes to the disk cache, by tier.", "tier"),

		originRequests: counters("origin_requests_total", "Requests to a backend by result: ok, absent (not found), same (not modified), refused, unavailable, transient, broken (the body failed), abandoned (the client left).", "origin", "result"),
		diverted:       counters("origin_diverted_total", "Originals requested from another mirror, by reason (failover, hedge, resume).", "origin", "reason"),
		repaired:       counters("repairs_total", "Originals to be copied to the first backend of their chain, by result (ok, error, dropped).", "result"),
		revalidated:    counters("revalidations_total", "Originals revalidated, by answer: same (not modified), changed, gone, failed.", "answer"),
		primed:         counters("primed_total", "Derivatives made in advance, by result (ok or error).", "result"),
		frontPurged:    counters("front_purges_total", "Requests to purge a cache in front, by result: ok, busy (429), failed (5xx, or no answer), refused (4xx).", "cache", "result"),
		hooked:         counters("hooks_total", "Objects in bucket notifications (created, removed, ignored, failed), and notifications that were forbidden or malformed.", "outcome"),

		invalidated:       counters("invalidations_total", "Pictures forgotten, by who has said so first: here (this process), process (another one with this cache directory), peer (another node).", "source"),
		invalidationsLost: counter("invalidations_lost_total", "Events that a node or a cache in front was too far behind to get: it may have old pictures."),
	}
	m.registerShared()
	m.registry.MustRegister(
		m.requests, m.duration, m.step, m.sent, m.fetch, m.fetchBytes, m.resize, m.cacheBytes, m.cacheErrors,
		m.originRequests, m.diverted, m.repaired, m.revalidated, m.primed, m.hooked, m.frontPurged, m.invalidated, m.invalidationsLost,
	)
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histograms(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
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
