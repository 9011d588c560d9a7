package wire

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Kind is what is asked for.
type Kind string

// The values of Kind.
const (
	Setup  Kind = "setup"
	Look   Kind = "look"
	Resize Kind = "resize"
	Probe  Kind = "probe"
)

// Descriptors is how many descriptors come with a Request; 0 if there is no such kind.
func (k Kind) Descriptors() int {
	switch k {
	case Setup, Look, Probe:
		return 1
	case Resize:
		return 2
	}
	return 0
}

// Request is what the parent asks of a child.
type Request struct {
	ID      uint64 // each answer repeats it
	Kind    Kind
	Size    int64           // bytes of the source
	Format  variant.Format  `json:",omitempty"` // of the source, but for Setup
	Header  header.Header   `json:",omitzero"`  // of the source: for Look and Resize
	Variant variant.Variant `json:",omitzero"`  // for Look
	Plans   []resize.Plan   `json:",omitempty"` // for Resize
	Page    int             `json:",omitempty"` // for Probe
}

// Encode returns the bytes of r. The error is that there are more than MaxMessage.
func (r Request) Encode() ([]byte, error) { return encode(r) }

// DecodeRequest is the reverse of Encode.
func DecodeRequest(data []byte) (r Request, err error) {
	err = decode(data, &r)
	return r, err
}

func (r *Request) check() error {
	switch {
	case r.Kind.Descriptors() == 0:
		return fmt.Errorf("%q is no kind of request", r.Kind)
	case r.Size < 0:
		return fmt.Errorf("a source of %d bytes", r.Size)
	case len(r.Plans) > MaxPlans:
		return fmt.Errorf("%d plans", len(r.Plans))
	}
	return nil
}

// SetUp is what a child is told at its start.
type SetUp struct {
	Build  string // the version of the program, which the child's must equal
	Engine engine.Config
	// Memory is how many bytes of address space the child may take besides what it has
	// when it is ready; 0 is any number.
	Memory int64
	// CPU is how many seconds of CPU the child may use in all, for where it cannot be
	// killed; 0 is any number.
	CPU int64
}

// Encode returns the bytes of s, for a file: not JSON, in which a watermark would be what a
// flag says. The error is that there are more than MaxSetup.
func (s SetUp) Encode() ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(s)
	if err == nil && b.Len() > MaxSetup {
		err = errors.New("the watermarks are too large")
	}
	return b.Bytes(), err
}

// DecodeSetUp is the reverse of Encode.
func DecodeSetUp(data []byte) (s SetUp, err error) {
	err = gob.NewDecoder(bytes.NewReader(data)).Decode(&s)
	return s, err
}
