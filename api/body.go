package api

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline"
)

// errBody means that a request has a body that cannot be skipped.
var errBody = failure.New(failure.Request, "a request body that is too long, or did not arrive")

// maxSkipped is how much of a request body is skipped, in bytes.
const maxSkipped = 64 << 10

// skipBody reads the body of a request, which means nothing, before any work is done for
// it: until it is read, net/http does not notice that the client has left. The time for
// it is part of that for the header. The error wraps errBody.
func skipBody(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxSkipped)); err != nil {
		return fmt.Errorf("%w: %w", errBody, err)
	}
	return nil
}

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
