package api

import (
	"net/http"
	"time"

	"github.com/thumbery/thumbery/pipeline"
)

// deliver answers conditions and ranges, and sends what is left of a body whose headers
// are set. Its errors are errRange, errPrecondition, and cache.ErrUnreadable for a body
// of which not all could be sent.
func (s *server) deliver(w http.ResponseWriter, r *http.Request, result *pipeline.Result) error {
	if tag := s.HandOver.etag(result); tag != "" {
		w.Header().Set("ETag", tag)
	}
	allowTime(w, s.Now(), result.Blob.Size)
	// A derivative has the date of its original, and may be made anew in other bytes.
	strongDate := result.Sum == 0
	http.ServeContent(w, rangeRequest(r, result.Blob.Size, strongDate), "", result.Blob.ModTime, result.Blob.Content())
	e := exchangeOf(w)
	if e.short {
		if err := result.Blob.ContentError(); err != nil {
			return err
		}
	}
	return e.refused
}

// A client that takes a body more slowly than this is cut off, so that it does
// not hold our memory and descriptors for ever.
const (
	slowestStart = 30 * time.Second
	slowestRate  = 16 << 10 // bytes a second
)

// allowTime sets the time until which a body of so many bytes must have gone.
func allowTime(w http.ResponseWriter, now time.Time, size int64) {
	deadline := now.Add(slowestStart + time.Duration(size/slowestRate)*time.Second)
	// Not every ResponseWriter has deadlines; those of a real server do.
	_ = http.NewResponseController(w).SetWriteDeadline(deadline)
}

// preflight answers the question that a browser asks before an unusual request
// to another site (Fetch standard, 4.8).
func (s *server) preflight(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", s.CORS)
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "*")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}
