// Package metrics counts what the other packages observe and shows it in
// Prometheus' format. It is the only one that knows Prometheus.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/thumbery/thumbery/cache"
)

// Metrics implements the observers of api and pipeline.
type Metrics struct {
	registry *prometheus.Registry

	requests    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	sent        prometheus.Counter
	fetch       *prometheus.HistogramVec
	fetchBytes  prometheus.Counter
	resize      *prometheus.HistogramVec
	cacheBytes  *prometheus.CounterVec
	cacheErrors *prometheus.CounterVec
}

// State is what is read at the moment somebody looks. Every function must be
// safe to be called at any time.
type State struct {
	Gate   func() (running, waiting int)
	Memory func() (entries int, bytes int64)
	// DiskLow says that nothing is kept because the disk is nearly full.
	DiskLow func() bool
	// Stock is about how much is in the disk cache.
	Stock func() [cache.Tiers]cache.Count
}

// Seconds from a hit in memory to a slow origin.
var buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// New returns Metrics of a service of the given version.
func New(version string, s State) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("requests_total", "Answers by outcome (memory, disk, miss, shared, or the kind of error) and status.", "outcome", "status"),
		duration: histograms("request_seconds", "Time to answer, by outcome.", "outcome"),
		sent:     counter("sent_bytes_total", "Bytes of bodies sent by the service itself."),
		fetch:    histograms("fetch_seconds", "Time to fetch an original, by result (ok or error).", "result"),

		fetchBytes:  counter("fetched_bytes_total", "Bytes of originals fetched."),
		resize:      histograms("resize_seconds", "Time to make a derivative, without waiting, by result (ok or error).", "result"),
		cacheBytes:  counters("cache_written_bytes_total", "Bytes written to the disk cache, by tier.", "tier"),
		cacheErrors: counters("cache_write_errors_total", "Bodies that could not be written to the disk cache, by tier.", "tier"),
	}
	m.registry.MustRegister(
		m.requests, m.duration, m.sent, m.fetch, m.fetchBytes, m.resize, m.cacheBytes, m.cacheErrors,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("resizing", "Pictures being made now.", func() float64 { running, _ := s.Gate(); return float64(running) }),
		gauge("queue", "Pictures waiting to be made.", func() float64 { _, waiting := s.Gate(); return float64(waiting) }),
		gauge("memory_entries", "Derivatives in memory.", func() float64 { n, _ := s.Memory(); return float64(n) }),
		gauge("memory_bytes", "Bytes of derivatives in memory.", func() float64 { _, b := s.Memory(); return float64(b) }),
		gauge("disk_low", "1 while nothing is kept because the disk has less free than it is to have.", func() float64 { return number(s.DiskLow()) }),
		stock("cache_files", "Files in the disk cache, by tier: counted by the last purge, and kept up to date by this process.", s.Stock, func(c cache.Count) int64 { return c.Files }),
		stock("cache_bytes", "Bytes of the bodies in the disk cache, by tier: counted as cache_files.", s.Stock, func(c cache.Count) int64 { return c.Bytes }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "build_info", Help: "Always 1; the version is in the label.",
			ConstLabels: prometheus.Labels{"version": version},
		}, func() float64 { return 1 }),
	)
	return m
}

const namespace = "thumbery"

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histograms(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

func gauge(name, help string, read func() float64) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, read)
}

// stocks is a gauge for each tier, read from one snapshot.
type stocks struct {
	desc *prometheus.Desc
	read func() [cache.Tiers]cache.Count
	of   func(cache.Count) int64
}

func stock(name, help string, read func() [cache.Tiers]cache.Count, of func(cache.Count) int64) *stocks {
	return &stocks{prometheus.NewDesc(namespace+"_"+name, help, []string{"tier"}, nil), read, of}
}

// Describe implements prometheus.Collector.
func (s *stocks) Describe(ch chan<- *prometheus.Desc) { ch <- s.desc }

// Collect implements prometheus.Collector.
func (s *stocks) Collect(ch chan<- prometheus.Metric) {
	for tier, count := range s.read() {
		ch <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, float64(s.of(count)), cache.Tier(tier).String())
	}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Handler shows the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Answered counts an answer.
func (m *Metrics) Answered(outcome string, status int, bytes int64, took time.Duration) {
	m.requests.WithLabelValues(outcome, statusLabel(status)).Inc()
	m.duration.WithLabelValues(outcome).Observe(took.Seconds())
	m.sent.Add(float64(bytes))
}

// Fetched counts a fetch from an origin.
func (m *Metrics) Fetched(took time.Duration, bytes int64, err error) {
	m.fetch.WithLabelValues(result(err)).Observe(took.Seconds())
	m.fetchBytes.Add(float64(bytes))
}

// Resized counts a derivative made.
func (m *Metrics) Resized(took time.Duration, err error) {
	m.resize.WithLabelValues(result(err)).Observe(took.Seconds())
}

// Kept counts a write to the disk cache.
func (m *Metrics) Kept(tier cache.Tier, bytes int64, err error) {
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

// statusLabel is a status as a label. Those outside HTTP's range, which no
// handler of ours sends, share one, so that labels stay few.
func statusLabel(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return strconv.Itoa(status)
}
