package api

import "github.com/thumbery/thumbery/pipeline"

// outcome is how a request was answered, as Cache-Status, the log and the metrics
// say. It has only the fields that they tell apart.
type outcome struct {
	source pipeline.Source
	stored bool
	shared bool
	down   bool // the origin is down
	stale  bool // the original was due for revalidation, which was not possible
	// provisional: a better derivative is being made
	provisional bool
	redirected  bool
}

func outcomeOf(r *pipeline.Result) outcome {
	if r.Location != "" {
		return outcome{source: pipeline.Made, redirected: true}
	}
	o := outcome{source: r.Source, down: r.OriginDown, stale: r.Stale, provisional: r.Provisional}
	if r.Source == pipeline.Made {
		o.stored, o.shared = r.Stored, r.Shared
	}
	return o
}

// String is the outcome's name in metrics and logs.
func (o outcome) String() string {
	switch {
	case o.redirected:
		return "redirect"
	case o.source == pipeline.FromMemory:
		return "memory"
	case o.source == pipeline.FromDisk:
		return "disk"
	case o.source == pipeline.FromShared:
		return "bucket"
	case o.shared:
		return "shared"
	default:
		return "miss"
	}
}

// detail is that of Cache-Status, "" for none: where the body was found or stored, or
// what matters more.
func (o outcome) detail() string {
	switch {
	case o.down:
		return "origin-down"
	case o.provisional:
		return "provisional"
	case o.redirected || o.source != pipeline.Made:
		return o.String()
	case o.stored:
		return "disk"
	}
	return ""
}

// forwarded is the fwd of Cache-Status (RFC 9211, 2.2), "" for a hit. A stale result
// is no hit: the origin should have been asked.
func (o outcome) forwarded() string {
	switch {
	case o.redirected:
		return "bypass"
	case o.stale:
		return "stale"
	case o.source == pipeline.Made:
		return "miss"
	}
	return ""
}

// cacheName is this server's name in Cache-Status.
const cacheName = "thumbery"

// cacheStatuses formats the values of Cache-Status in advance, so that hits do not
// allocate.
func cacheStatuses() map[outcome][]string {
	all := map[outcome][]string{}
	for source := pipeline.FromMemory; source <= pipeline.Made; source++ {
		for bits := range 32 {
			o := outcomeOf(&pipeline.Result{
				Source: source, Stored: bits&1 != 0, Shared: bits&2 != 0, OriginDown: bits&4 != 0, Stale: bits&8 != 0,
				Provisional: bits&16 != 0,
			})
			all[o] = []string{cacheStatus(o)}
		}
	}
	redirected := outcomeOf(&pipeline.Result{Location: "/"})
	all[redirected] = []string{cacheStatus(redirected)}
	return all
}

// cacheStatus is the value for o, of tokens that need no quotes (RFC 9651, 4.1).
func cacheStatus(o outcome) string {
	value := cacheName
	if fwd := o.forwarded(); fwd != "" {
		value += ";fwd=" + fwd
	} else {
		value += ";hit"
	}
	if o.stored {
		value += ";stored"
	}
	if detail := o.detail(); detail != "" {
		value += ";detail=" + detail
	}
	if o.shared {
		value += ";collapsed"
	}
	return value
}

// errorCacheStatus is the Cache-Status of a fallback.
func errorCacheStatus(t problemType) string { return cacheName + ";fwd=miss;detail=" + t.name }
