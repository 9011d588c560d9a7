package resize

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// Mezzanine is a mezzanine as it is stored.
type Mezzanine struct {
	// Original is the header of the original, for which plans are made, and
	// OriginalBytes its size.
	Original      header.Header
	OriginalBytes int64
	// Header is that of the body, with which plans are carried out.
	Header header.Header
	body   *io.SectionReader // a JPEG or WebP
}

// Bytes reads the body, a JPEG or WebP.
func (m Mezzanine) Bytes() ([]byte, error) {
	data := make([]byte, m.body.Size())
	_, err := io.ReadFull(io.NewSectionReader(m.body, 0, m.body.Size()), data)
	return data, err
}

// mezzanineMagic begins every packed mezzanine. A line of JSON follows, of at most
// mezzanineLine bytes with its newline, and then the body.
const (
	mezzanineMagic = "thumbery mezzanine 1 "
	mezzanineLine  = 1 << 10
)

// mezzanineLabel is the line of JSON. The format is a word, as the numbers may
// change.
type mezzanineLabel struct {
	Format string
	header.Header
	Bytes int64
}

// PackMezzanine returns the stored form of a mezzanine: the original's header and size,
// and body, which was made by the plan of Settings.Mezzanine.
func PackMezzanine(original header.Header, originalBytes int64, body []byte) []byte {
	label, err := json.Marshal(mezzanineLabel{original.Format.String(), original, originalBytes})
	if err != nil {
		panic(err) // numbers, words and booleans
	}
	return slices.Concat([]byte(mezzanineMagic), label, []byte("\n"), body)
}

// UnpackMezzanine is the inverse of PackMezzanine, for size bytes of r. It reads only
// headers; Bytes reads the rest. The error is of kind ErrBroken for anything that
// PackMezzanine cannot have written. The body is inspected like any picture.
func UnpackMezzanine(r io.ReaderAt, size int64) (Mezzanine, error) {
	var head [len(mezzanineMagic) + mezzanineLine]byte
	n, err := r.ReadAt(head[:min(size, int64(len(head)))], 0)
	if err != nil && err != io.EOF {
		return Mezzanine{}, err
	}
	rest, ok := bytes.CutPrefix(head[:n], []byte(mezzanineMagic))
	end := bytes.IndexByte(rest, '\n')
	if !ok || end < 0 {
		return Mezzanine{}, source.Broken("no mezzanine")
	}
	label, err := parseLabel(rest[:end])
	if err != nil {
		return Mezzanine{}, err
	}
	start := int64(len(mezzanineMagic) + end + 1)
	m := Mezzanine{Original: label.Header, OriginalBytes: label.Bytes, body: io.NewSectionReader(r, start, size-start)}
	if m.Header, err = header.Inspect(context.Background(), m.body, m.body.Size(), header.FormatsOf(variant.JPEG, variant.WebP)); err != nil {
		return Mezzanine{}, source.Broken("the body of a mezzanine: %v", err)
	}
	return m, m.check()
}

func parseLabel(line []byte) (label mezzanineLabel, err error) {
	if err := json.Unmarshal(line, &label); err != nil {
		return label, source.Broken("the label of a mezzanine: %v", err)
	}
	for _, f := range header.AllFormats.List() {
		if f.String() == label.Format {
			label.Header.Format = f
			return label, nil
		}
	}
	return label, source.Broken("the label of a mezzanine names no format")
}

// check verifies that Settings.Mezzanine can have made a mezzanine: upright, one picture,
// cheap to decode, and smaller than the original.
func (m Mezzanine) check() error {
	o, h := m.Original, m.Header
	w, height := o.Upright()
	switch {
	case o.Check() != nil, o.Orientation < 1, o.Orientation > 8, o.Pages != 1, o.Scans < 0, o.Scans > header.MaxScans,
		o.Drawn(), m.OriginalBytes < 1:
		return source.Broken("the label of a mezzanine speaks of no picture that has one: %s", sides(o.Width, o.Height))
	case h.Orientation != 1, h.Pages != 1, h.Scans > 1, h.CMYK, h.ICC:
		return source.Broken("the body of a mezzanine is none that we make, but a %s", h.Format)
	case h.Width > w, h.Height > height:
		return source.Broken("a mezzanine of %s pixels is larger than its original", sides(h.Width, h.Height))
	}
	return nil
}
