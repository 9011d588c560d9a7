package explain

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// Public is the public listener: what it reads in a request, and how it answers. Paths are
// percent-decoded, and headers are spelled as net/http does. Only Serve changes anything.
type Public interface {
	// Read parses, permits and negotiates a request. With an error of kind
	// variant.ErrForbidden the Asked is valid, too.
	Read(path string, header map[string][]string) (Asked, error)
	// Preview returns the answer to a request for which the pipeline gives result or err. Its
	// headers are those of a client's answer, as far as they are known before a fallback is made.
	Preview(path string, header map[string][]string, result *pipeline.Result, err error) Answer
	// Serve answers a request as one of a client.
	Serve(ctx context.Context, path string, header map[string][]string) Answer
}

// Asked is what a request asks for.
type Asked struct {
	Key     variant.Key
	Variant variant.Variant
	// Accept is what FormatAuto considers, and Given what the client accepts.
	Accept, Given variant.Accept
	Hinted        bool // client hints have changed Variant
	// Requests is how often the derivative was requested within HotWindow: all of the last
	// half of it, and perhaps more. A request is of a hot derivative if there were HotAfter
	// before it. HotAfter is 0 if requests are not counted, as of variant.Raw.
	Requests, HotAfter int
	HotWindow          time.Duration
}

// Answer is a response without its body.
type Answer struct {
	Status  int
	Outcome string // as in the metrics: "memory", "disk", "miss", or the last part of a problem's type
	Header  map[string][]string
	Detail  string // what a problem says
	// Fallback is what is sent instead of a problem document; "" for nothing. Its body and
	// Content-Type, or its Location, are not known before a request.
	Fallback Fallback
	Took     time.Duration
}

// Fallback is what a client gets instead of a problem document.
type Fallback string

// The values of Fallback.
const (
	FallbackImage    Fallback = "image"
	FallbackRedirect Fallback = "redirect" // to the original at its origin
)
