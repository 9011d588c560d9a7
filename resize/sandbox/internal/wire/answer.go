package wire

import (
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Answer is what a child says. A Request has one, with Last, or several, of which only
// the last has it.
type Answer struct {
	Version  int
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
	Build        string // the version of its program
	Capabilities engine.Capabilities
	Walls        []Wall
}

// Wall is a limit of what a child may do.
type Wall struct {
	Name    string // "landlock", "seccomp" and so on
	Missing string // why it is not there; "" if it is
}

// Encode returns the bytes of a, whose Version is set.
func (a Answer) Encode() ([]byte, error) {
	a.Version = Version
	return encode(a)
}

// DecodeAnswer is the reverse of Encode. Whatever data is, all numbers and texts of the
// Answer are bounded, and the texts are printable; the place of a result is only known
// not to be negative. The error is a *VersionError if the child speaks another version.
func DecodeAnswer(data []byte) (Answer, error) {
	var a Answer
	err := ofVersion(data, decode(data, &a), a.Version)
	if err == nil {
		err = a.check()
	}
	if err != nil {
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
	var err error
	if a.Found != nil {
		err = a.Found.check()
	}
	if a.Header != nil {
		err = errors.Join(err, checkHeader(*a.Header))
	}
	if a.Ready != nil {
		err = errors.Join(err, a.Ready.check())
	}
	if a.Err != nil {
		err = errors.Join(err, a.Err.check())
	}
	return err
}

func (f *Found) check() error {
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

func checkHeader(h header.Header) error {
	switch {
	case h.Check() != nil, h.Format > variant.PDF, h.Orientation < 1, h.Orientation > 8, h.Pages < 1, h.Pages > maxPages,
		h.Scans < 0, h.Scans > header.MaxScans, h.Depth < 0, h.Depth > 128,
		h.Samples < 0, h.Samples > maxSamples, h.Coded < 0, h.Coded > maxCoded:
		return fmt.Errorf("a header that cannot be: %+v", h)
	}
	return nil
}

// maxWalls is more than there are.
const maxWalls = 32

func (r *Ready) check() error {
	c := &r.Capabilities
	switch {
	case c.Reads&^header.AllFormats != 0, c.Writes&^resize.WrittenFormats != 0, (c.LibraryReads|c.LibraryWrites)&^header.AllFormats != 0:
		return fmt.Errorf("formats that are not known: %b, %b, %b, %b", c.Reads, c.Writes, c.LibraryReads, c.LibraryWrites)
	case len(r.Walls) > maxWalls:
		return fmt.Errorf("%d walls", len(r.Walls))
	}
	for _, text := range []*string{&r.Build, &c.Recipe, &c.Bimg, &c.Libvips, &c.Compiled, &c.Speed.Target} {
		*text = Printable(*text)
	}
	for i, w := range r.Walls {
		r.Walls[i] = Wall{Printable(w.Name), Printable(w.Missing)}
	}
	return nil
}
