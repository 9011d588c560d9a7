package api

import (
	"net/http"
	"time"

	"github.com/thumbery/thumbery/pipeline"
)

// sendBody answers conditions and ranges, and sends the body of a result whose headers
// are set. It returns errRange, errPrecondition, or an error of kind cache.ErrUnreadable
// if the body could not be read to its end.
func (s *server) sendBody(w http.ResponseWriter, r *http.Request, result *pipeline.Result) error {
	if tag := s.SendFile.etag(result); tag != "" {
		w.Header().Set("ETag", tag)
	}
	setWriteDeadline(w, s.Now(), result.Blob.Size)
	// A derivative has the date of its original, and may be made again with other bytes.
	strongDate := result.Sum == 0
	http.ServeContent(w, rangeRequest(r, result.Blob.Size, strongDate), "", result.Blob.ModTime, result.Blob.Content())
	rec := recorderOf(w)
	if rec.truncated {
		if err := result.Blob.ContentError(); err != nil {
			return err
		}
	}
	return rec.refusal
}

// The connection to a client that reads more slowly than this is closed, as it would
// hold memory and descriptors for ever.
const (
	writeGrace   = 30 * time.Second
	minWriteRate = 16 << 10 // bytes a second
)

// setWriteDeadline sets the time by which a body of size bytes must be sent.
func setWriteDeadline(w http.ResponseWriter, now time.Time, size int64) {
	deadline := now.Add(writeGrace + time.Duration(size/minWriteRate)*time.Second)
	// A ResponseWriter of a test has no deadlines.
	_ = http.NewResponseController(w).SetWriteDeadline(deadline)
}

// preflight answers the request that a browser sends before an unusual request to
// another site (Fetch standard, 4.8).
func (s *server) preflight(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", s.CORS)
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "*")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}
