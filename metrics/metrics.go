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

	"github.com/thumbery/thumbery/cache/eviction"
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

	asked       *prometheus.CounterVec
	diverted    *prometheus.CounterVec
	repaired    *prometheus.CounterVec
	revalidated *prometheus.CounterVec
	primed      *prometheus.CounterVec
	hooked      *prometheus.CounterVec
}

// State is what is read at the moment somebody looks. Every function must be
// safe to be called at any time.
type State struct {
	Gate func() (running, waiting int)
	// Background is how many of those running no request waits for.
	Background func() int
	Fetches    func() (running, waiting int)
	Memory     func() (entries int, bytes int64)
	// Absent is of how many originals it is remembered that they are not there.
	Absent func() int
	// Repairs and Primes are how many pictures wait to be copied to the first
	// place of their chain, and to be made before anybody asks.
	Repairs, Primes func() int
	// Origins gives the state of each place by its name: 0 asked, 1 probed, 2 not
	// asked.
	Origins func(func(place string, state int))
	// Switches gives what can be switched while the service runs.
	Switches func(func(name, value string))
	// DiskLow says that nothing is kept because the disk is nearly full.
	DiskLow func() bool
	// Stock is about how much is in the disk cache.
	Stock func() [eviction.Tiers]eviction.Count
}

// Seconds from a hit in memory to a slow origin.
var buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// New returns Metrics that count. What is read when somebody looks comes with
// Watch.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("requests_total", "Answers by outcome (memory, disk, miss, shared, redirect to the original in its place, or the kind of error) and status.", "outcome", "status"),
		duration: histograms("request_seconds", "Time to answer, by outcome.", "outcome"),
		sent:     counter("sent_bytes_total", "Bytes of bodies sent by the service itself."),
		fetch:    histograms("fetch_seconds", "Time to fetch an original, by result (ok or error).", "result"),

		fetchBytes:  counter("fetched_bytes_total", "Bytes of originals fetched."),
		resize:      histograms("resize_seconds", "Time to make a derivative that somebody waits for, without waiting, by what it is made of (original or mezzanine) and result (ok or error).", "of", "result"),
		cacheBytes:  counters("cache_written_bytes_total", "Bytes written to the disk cache, by tier.", "tier"),
		cacheErrors: counters("cache_write_errors_total", "Bodies that could not be written to the disk cache, by tier.", "tier"),

		asked:       counters("origin_requests_total", "Requests to a place of originals by its answer: ok, absent, same, refused, unavailable, transient, abandoned.", "origin", "result"),
		diverted:    counters("origin_diverted_total", "Originals asked of another mirror, as the one before it failed or (hedge) was slow.", "origin", "reason"),
		repaired:    counters("repairs_total", "Originals copied to the first place of their chain, by result (ok, error, dropped).", "result"),
		revalidated: counters("revalidations_total", "Questions whether an original has changed, by answer (same, changed, gone, failed).", "answer"),
		primed:      counters("primed_total", "Pictures made before anybody asked, by result (ok or error).", "result"),
		hooked:      counters("hooks_total", "Notifications of buckets by outcome.", "outcome"),
	}
	m.registry.MustRegister(
		m.requests, m.duration, m.sent, m.fetch, m.fetchBytes, m.resize, m.cacheBytes, m.cacheErrors,
		m.asked, m.diverted, m.repaired, m.revalidated, m.primed, m.hooked,
	)
	return m
}

// Watch adds what is read from a service of that version, once.
func (m *Metrics) Watch(version string, s State) {
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("resizing", "Pictures being made now.", func() float64 { running, _ := s.Gate(); return float64(running) }),
		gauge("background", "Pictures being made now that no request waits for; they count in resizing, too.", func() float64 { return float64(s.Background()) }),
		gauge("queue", "Pictures waiting to be made.", func() float64 { _, waiting := s.Gate(); return float64(waiting) }),
		gauge("fetching", "Originals being fetched now.", func() float64 { running, _ := s.Fetches(); return float64(running) }),
		gauge("fetch_queue", "Originals waiting to be fetched.", func() float64 { _, waiting := s.Fetches(); return float64(waiting) }),
		gauge("absent_entries", "Originals of which it is remembered that they are not there.", func() float64 { return float64(s.Absent()) }),
		gauge("repair_queue", "Originals waiting to be copied to the first place of their chain.", func() float64 { return float64(s.Repairs()) }),
		gauge("prime_queue", "Pictures waiting to be made before anybody asks.", func() float64 { return float64(s.Primes()) }),
		&states{desc("origin_state", "Whether a place is asked: 0 yes, 1 it is being probed, 2 no, as it does not answer.", "origin"), s.Origins},
		newRecovered(),
		&settings{desc("switch", "Always 1; what is switched how is in the labels.", "name", "value"), s.Switches},
		gauge("memory_entries", "Derivatives in memory.", func() float64 { n, _ := s.Memory(); return float64(n) }),
		gauge("memory_bytes", "Bytes of derivatives in memory.", func() float64 { _, b := s.Memory(); return float64(b) }),
		gauge("disk_low", "1 while nothing is kept because the disk has less free than it is to have.", func() float64 { return number(s.DiskLow()) }),
		stock("cache_files", "Files in the disk cache, by tier: counted by the last purge, and kept up to date by this process.", s.Stock, func(c eviction.Count) int64 { return c.Files }),
		stock("cache_bytes", "Bytes of the bodies in the disk cache, by tier: counted as cache_files.", s.Stock, func(c eviction.Count) int64 { return c.Bytes }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "build_info", Help: "Always 1; the version is in the label.",
			ConstLabels: prometheus.Labels{"version": version},
		}, func() float64 { return 1 }),
	)
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

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

// stocks is a gauge for each tier, read from one snapshot.
type stocks struct {
	desc *prometheus.Desc
	read func() [eviction.Tiers]eviction.Count
	of   func(eviction.Count) int64
}

func stock(name, help string, read func() [eviction.Tiers]eviction.Count, of func(eviction.Count) int64) *stocks {
	return &stocks{desc(name, help, "tier"), read, of}
}

// Describe implements prometheus.Collector.
func (s *stocks) Describe(ch chan<- *prometheus.Desc) { ch <- s.desc }

// Collect implements prometheus.Collector.
func (s *stocks) Collect(ch chan<- prometheus.Metric) {
	for tier, count := range s.read() {
		ch <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, float64(s.of(count)), eviction.Tier(tier).String())
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

// Resized counts a derivative made, of an original or a mezzanine.
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

// Asked counts a request to a place of originals by what it answered.
func (m *Metrics) Asked(place, result string) { m.asked.WithLabelValues(place, result).Inc() }

// Diverted counts an original that was asked of another mirror, for that reason.
func (m *Metrics) Diverted(place, reason string) { m.diverted.WithLabelValues(place, reason).Inc() }

// Repaired counts an original that was to be copied to the first place of its
// chain.
func (m *Metrics) Repaired(result string) { m.repaired.WithLabelValues(result).Inc() }

// Revalidated counts an answer to whether an original has changed.
func (m *Metrics) Revalidated(answer string) { m.revalidated.WithLabelValues(answer).Inc() }

// Primed counts a picture that was made before anybody asked.
func (m *Metrics) Primed(err error) { m.primed.WithLabelValues(result(err)).Inc() }

// Hooked counts what came of a bucket's notification.
func (m *Metrics) Hooked(outcome string) { m.hooked.WithLabelValues(outcome).Inc() }

// statusLabel is a status as a label. Those outside HTTP's range, which no
// handler of ours sends, share one, so that labels stay few.
func statusLabel(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return strconv.Itoa(status)
}
