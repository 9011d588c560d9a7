package api

import (
	"github.com/dunglas/httpsfv"

	"github.com/thumbery/thumbery/pipeline"
)

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
	switch {
	case r.Location != "":
		return outcome{source: pipeline.Made, redirected: true}
	case r.Source != pipeline.Made:
		return outcome{source: r.Source, down: r.OriginDown, stale: r.Stale, provisional: r.Provisional}
	}
	return outcome{
		source: r.Source, stored: r.Stored, shared: r.Shared, down: r.OriginDown, stale: r.Stale, provisional: r.Provisional,
	}
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

func cacheStatus(o outcome) string {
	item := httpsfv.NewItem(httpsfv.Token(cacheName))
	if fwd := o.forwarded(); fwd != "" {
		item.Params.Add("fwd", httpsfv.Token(fwd))
	} else {
		item.Params.Add("hit", true)
	}
	if o.stored {
		item.Params.Add("stored", true)
	}
	if detail := o.detail(); detail != "" {
		item.Params.Add("detail", httpsfv.Token(detail))
	}
	if o.shared {
		item.Params.Add("collapsed", true)
	}
	return marshalStatus(item)
}

// errorCacheStatus is the Cache-Status of a fallback.
func errorCacheStatus(t problemType) string {
	item := httpsfv.NewItem(httpsfv.Token(cacheName))
	item.Params.Add("fwd", httpsfv.Token("miss"))
	item.Params.Add("detail", httpsfv.Token(t.name))
	return marshalStatus(item)
}

func marshalStatus(item httpsfv.Item) string {
	s, err := httpsfv.Marshal(httpsfv.List{item})
	if err != nil {
		panic(err) // of a constant that is no token
	}
	return s
}
