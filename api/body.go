package api

import (
	"fmt"
	"io"
	"net/http"

	"github.com/thumbery/thumbery/internal/failure"
)

// errBody means that a request has a body that cannot be skipped.
var errBody = failure.New(failure.Request, "a body that is too long, or does not come")

// maxBody is how much of a body is read that means nothing.
const maxBody = 64 << 10

// skipBody reads what a request has of a body, before any work is done for it: until
// it has been read, net/http does not notice that the client leaves, and the work
// would go on for nobody. The time for it is that of the header. The error is errBody.
func skipBody(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		return fmt.Errorf("%w: %w", errBody, err)
	}
	return nil
}
