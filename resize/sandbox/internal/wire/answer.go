package wire

import (
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Answer is what a child says. A Request has one, with Last, or several, of which only
// the last has it.
type Answer struct {
	ID       uint64 // that of the Request
	Last     bool   `json:",omitempty"`
	Plan     int    `json:",omitempty"` // index of the plan that the result is of
	Off, Len int64  // where the result is, in bytes; Len is 0 if there is none

	Found  *Found         `json:",omitempty"` // to Look
	Header *header.Header `json:",omitempty"` // to Probe
	Ready  *Ready         `json:",omitempty"` // to Setup
	Err    *Error         `json:",omitempty"`
}

// Found is what was seen in a picture: the fields of the resolved variant that a look
// decides.
type Found struct {
	Crop           variant.Crop
	FocalX, FocalY float64
}

// Ready is what a child says about itself, once it is ready for pictures.
type Ready struct {
	Capabilities engine.Capabilities
	Walls        []Wall
}

// Wall is a limit of what a child may do.
type Wall struct {
	Name    string // "landlock", "seccomp" and so on
	Missing string // why it is not there; "" if it is
}

// Encode returns the bytes of a.
func (a Answer) Encode() ([]byte, error) { return encode(a) }

// DecodeAnswer is the reverse of Encode. Whatever data is, all numbers and texts of the
// Answer but those of Ready are bounded, and the texts are printable; the place of a result
// is only known not to be negative.
func DecodeAnswer(data []byte) (Answer, error) {
	var a Answer
	if err := decode(data, &a); err != nil {
		return Answer{}, err
	}
	return a, nil
}

// Within reports whether the place of the result lies in a file of that size.
func (a Answer) Within(size int64) bool { return a.Len <= size && a.Off <= size-a.Len }

func (a *Answer) check() error {
	switch {
	case a.Off < 0 || a.Len < 0:
		return fmt.Errorf("a result of %d bytes at %d", a.Len, a.Off)
	case a.Plan < 0 || a.Plan >= MaxPlans:
		return fmt.Errorf("a result of plan %d", a.Plan)
	}
	return errors.Join(a.Found.check(), checkHeader(a.Header), a.Err.check())
}

func (f *Found) check() error {
	if f == nil {
		return nil
	}
	fine := f.FocalX >= 0 && f.FocalX <= 1 && f.FocalY >= 0 && f.FocalY <= 1
	for _, l := range []variant.Length{f.Crop.X, f.Crop.Y, f.Crop.W, f.Crop.H} {
		fine = fine && l.Value >= 0 && l.Value <= header.SourceSideMax
	}
	if !fine {
		return fmt.Errorf("a look that found %+v", *f)
	}
	return nil
}

// Bounds on a header, far above those of real pictures, so that whatever is computed of
// it stays within 64 bits.
const (
	maxPages   = 1 << 20
	maxSamples = 1 << 12
	maxCoded   = 1 << 36 // pixels
)

func checkHeader(h *header.Header) error {
	switch {
	case h == nil:
		return nil
	case h.Check() != nil, h.Format > variant.PDF, h.Orientation < 1, h.Orientation > 8, h.Pages < 1, h.Pages > maxPages,
		h.Scans < 0, h.Scans > header.MaxScans, h.Depth < 0, h.Depth > 128,
		h.Samples < 0, h.Samples > maxSamples, h.Coded < 0, h.Coded > maxCoded:
		return fmt.Errorf("a header that cannot be: %+v", *h)
	}
	return nil
}
