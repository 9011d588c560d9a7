package api

import "github.com/thumbery/thumbery/pipeline"

// outcomeOf says how a result answers a request, as the log and the metrics do.
func outcomeOf(r *pipeline.Result) string {
	switch {
	case r.Location != "":
		return "redirect"
	case r.Source == pipeline.FromMemory:
		return "memory"
	case r.Source == pipeline.FromDisk:
		return "disk"
	case r.Source == pipeline.FromShared:
		return "bucket"
	case r.Shared:
		return "shared"
	}
	return "miss"
}

// cacheName is this server's name in Cache-Status.
const cacheName = "thumbery"

// plainHits are Cache-Status of hits of which only the source is told. They are made once, and
// shared: nobody may write to them.
var plainHits = func() (all [pipeline.Made][]string) {
	for source := range pipeline.Made {
		all[source] = []string{formatCacheStatus(&pipeline.Result{Source: source})}
	}
	return all
}()

// cacheStatus is Cache-Status of a result.
func cacheStatus(r *pipeline.Result) []string {
	if r.Source != pipeline.Made && r.Location == "" && !r.Stale && !r.OriginDown && !r.Provisional {
		return plainHits[r.Source]
	}
	return []string{formatCacheStatus(r)}
}

// formatCacheStatus is the value of Cache-Status (RFC 9211), of tokens that need no quotes. A
// stale result is no hit: the origin should have been asked.
func formatCacheStatus(r *pipeline.Result) string {
	made := r.Source == pipeline.Made
	how, stored, detail, collapsed := ";hit", "", cacheDetail(r), ""
	switch {
	case r.Location != "":
		how = ";fwd=bypass"
	case r.Stale:
		how = ";fwd=stale"
	case made:
		how = ";fwd=miss"
	}
	if made && r.Stored {
		stored = ";stored"
	}
	if detail != "" {
		detail = ";detail=" + detail
	}
	if made && r.Shared {
		collapsed = ";collapsed"
	}
	return cacheName + how + stored + detail + collapsed
}

// cacheDetail is the detail of Cache-Status, "" for none: where the body was found or stored,
// or what matters more.
func cacheDetail(r *pipeline.Result) string {
	switch {
	case r.OriginDown:
		return "origin-down"
	case r.Provisional:
		return "provisional"
	case r.Location != "" || r.Source != pipeline.Made:
		return outcomeOf(r)
	case r.Stored:
		return "disk"
	}
	return ""
}

// errorCacheStatus is the Cache-Status of a fallback.
func errorCacheStatus(t problemType) string { return cacheName + ";fwd=miss;detail=" + t.name }
