package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/thumbery/thumbery/cache/eviction"
)

// State has what is read whenever Prometheus scrapes. Its functions are called at any time,
// by several goroutines.
type State struct {
	Gate func() (running, waiting int)
	// Background is how many of those running no request waits for.
	Background func() int
	Fetches    func() (running, waiting int)
	Memory     func() (entries int, bytes int64)
	// Absent is the number of entries in the negative cache.
	Absent func() int
	// Peers is the state of the other nodes.
	Peers func() Peers
	// Workers is the state of the child processes that make pictures.
	Workers func() Workers
	// Repairs and Primes are the lengths of the queues of originals to be copied to the
	// first backend of their chain, and of uploads to be primed.
	Repairs, Primes func() int
	// Origins yields the state of each backend's circuit breaker: 0 closed, 1 half-open, 2
	// open.
	Origins func(func(backend string, state int))
	// Shared yields the same of the bucket that servers share, if there is one.
	Shared func(func(bucket string, state int))
	// Fronts yields how many events each cache in front has still to purge, and the age of
	// the oldest in seconds.
	Fronts func(func(cache string, waiting int, oldest float64))
	// Switches yields the value of each switch.
	Switches func(func(name, value string))
	// DiskLow reports that nothing is kept because the disk is nearly full.
	DiskLow func() bool
	// Stock is the approximate content of the disk cache.
	Stock func() [eviction.Tiers]eviction.Count
	// Ages yields what the last purge has left in each tier, by the age of its last use: less
	// than below, and not less than the class before.
	Ages func(func(tier, below string, bytes int64))
	// Purged is when the last purge began; zero if there was none.
	Purged func() time.Time
}

// Peers are the other nodes.
type Peers struct {
	Reachable, Unreachable int
	// Behind is how many of their events were not applied yet.
	Behind uint64
}

// Workers are the child processes that make pictures.
type Workers struct {
	Idle, Busy, Starting int
	// Deaths counts those that ended when they should not have, by cause.
	Deaths map[string]int64
	// Missing says of each part of their sandbox whether this system has none.
	Missing map[string]bool
}

// Watch exports a State and the version. It must be called once at most.
func (m *Metrics) Watch(version string, s State) {
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauges("build_info", "Always 1; the label has the version.", func(emit emitter) { emit(1, version) }, "version")
	m.gauges("switch", "Always 1; the labels have the value of each switch.", func(emit emitter) {
		s.Switches(func(name, value string) { emit(1, name, value) })
	}, "name", "value")
	m.watchWork(s)
	m.watchChildren(s)
	m.watchOthers(s)
	m.watchCache(s)
}

// watchWork exports what is being done, and what waits.
func (m *Metrics) watchWork(s State) {
	m.gauge("resizing", "Pictures being made.", func() float64 { running, _ := s.Gate(); return float64(running) })
	m.gauge("background", "Pictures being made that no request waits for. They are part of resizing.", func() float64 { return float64(s.Background()) })
	m.gauge("queue", "Pictures waiting to be made.", func() float64 { _, waiting := s.Gate(); return float64(waiting) })
	m.gauge("fetching", "Originals being fetched.", func() float64 { running, _ := s.Fetches(); return float64(running) })
	m.gauge("fetch_queue", "Originals waiting to be fetched.", func() float64 { _, waiting := s.Fetches(); return float64(waiting) })
	m.gauge("absent_entries", "Entries in the negative cache.", func() float64 { return float64(s.Absent()) })
	m.gauge("repair_queue", "Originals waiting to be copied to the first backend of their chain.", func() float64 { return float64(s.Repairs()) })
	m.gauge("prime_queue", "Uploads waiting to be primed.", func() float64 { return float64(s.Primes()) })
}

// watchChildren exports the processes that make pictures.
func (m *Metrics) watchChildren(s State) {
	m.gauges("workers", "Child processes that make pictures, by state: idle, busy or starting. One more than pictures can be made at once is a spare.", func(emit emitter) {
		w := s.Workers()
		emit(float64(w.Idle), "idle")
		emit(float64(w.Busy), "busy")
		emit(float64(w.Starting), "starting")
	}, "state")
	m.gauges("sandbox_missing", "1 for each part of the sandbox of child processes that this system does not offer, 0 for the others.", func(emit emitter) {
		for wall, missing := range s.Workers().Missing {
			emit(number(missing), wall)
		}
	}, "wall")
	m.counts("worker_deaths_total", "Child processes that died, by cause: signal (a crash), memory (--memory), time (killed after --resize-timeout), protocol (a wrong answer, or none).", func(emit emitter) {
		for cause, n := range s.Workers().Deaths {
			emit(float64(n), cause)
		}
	}, "cause")
}

// watchOthers exports other nodes, and servers.
func (m *Metrics) watchOthers(s State) {
	m.gauges("peers", "Other nodes, by whether they tell this one what to forget: reachable or unreachable.", func(emit emitter) {
		p := s.Peers()
		emit(float64(p.Reachable), "reachable")
		emit(float64(p.Unreachable), "unreachable")
	}, "state")
	m.gauge("peers_behind", "Events of other nodes that this one knows of, and has not applied yet.", func() float64 { return float64(s.Peers().Behind) })
	m.gauges("origin_state", "Circuit breaker of each backend: 0 closed, 1 half-open, 2 open.", func(emit emitter) {
		s.Origins(func(backend string, state int) { emit(float64(state), backend) })
	}, "origin")
	m.gauges("shared_state", "Circuit breaker of the shared tier: 0 closed, 1 half-open, 2 open.", func(emit emitter) {
		s.Shared(func(bucket string, state int) { emit(float64(state), bucket) })
	}, "bucket")
	m.gauges("front_purge_waiting", "Forgotten pictures that a cache in front has still to purge.", func(emit emitter) {
		s.Fronts(func(cache string, waiting int, _ float64) { emit(float64(waiting), cache) })
	}, "cache")
	m.gauges("front_purge_oldest_seconds", "How long the oldest of them has been waiting; 0 if there are none.", func(emit emitter) {
		s.Fronts(func(cache string, _ int, oldest float64) { emit(oldest, cache) })
	}, "cache")
}

// watchCache exports what is kept.
func (m *Metrics) watchCache(s State) {
	m.gauge("memory_entries", "Derivatives in memory.", func() float64 { n, _ := s.Memory(); return float64(n) })
	m.gauge("memory_bytes", "Bytes of derivatives in memory.", func() float64 { _, b := s.Memory(); return float64(b) })
	m.gauge("disk_low", "1 while nothing is kept because the disk is nearly full.", func() float64 { return number(s.DiskLow()) })
	m.gauges("cache_files", "Files in the disk cache, by tier: counted by the last purge, and updated by this process.", func(emit emitter) {
		for tier, count := range s.Stock() {
			emit(float64(count.Files), eviction.Tier(tier).String())
		}
	}, "tier")
	m.gauges("cache_bytes", "Bytes of bodies in the disk cache, by tier: counted as cache_files.", func(emit emitter) {
		for tier, count := range s.Stock() {
			emit(float64(count.Bytes), eviction.Tier(tier).String())
		}
	}, "tier")
	m.gauges("cache_age_bytes", "Bytes of bodies that the last purge has left in the disk cache, by tier and by the time since their last use: less than this, and not less than the one before.", func(emit emitter) {
		s.Ages(func(tier, below string, bytes int64) { emit(float64(bytes), tier, below) })
	}, "tier", "below")
	m.gauges("purged_timestamp_seconds", "When the last purge of the cache directory began, by this process or another. Missing if there was none.", func(emit emitter) {
		if at := s.Purged(); !at.IsZero() {
			emit(float64(at.Unix()))
		}
	})
}

// number is 1 for true.
func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (m *Metrics) gauge(name, help string, read func() float64) {
	promauto.With(m.registry).NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, read)
}

// gauges exports a gauge with a value for each combination of labels that read emits.
func (m *Metrics) gauges(name, help string, read func(emitter), labels ...string) {
	m.registry.MustRegister(&collector{prometheus.NewDesc(namespace+"_"+name, help, labels, nil), prometheus.GaugeValue, read})
}

// counts is gauges for a counter.
func (m *Metrics) counts(name, help string, read func(emitter), labels ...string) {
	m.registry.MustRegister(&collector{prometheus.NewDesc(namespace+"_"+name, help, labels, nil), prometheus.CounterValue, read})
}

type emitter func(value float64, labels ...string)

// collector is a metric with labels that is read whenever Prometheus scrapes.
type collector struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(emitter)
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.read(func(value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(c.desc, c.kind, value, labels...)
	})
}
