package storage

import (
	"bufio"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/internal/failure"
)

// codings are the content codings that compress (RFC 9110, 8.4.1). Whatever else stands in
// Content-Encoding, such as aws-chunked, says nothing about a body that was received.
var codings = []string{"gzip", "deflate", "br", "zstd", "compress"}

// Encoding is what a Content-Encoding says of an object, for Object.Encoding.
func Encoding(header string) string {
	var found []string
	for name := range strings.SplitSeq(strings.ToLower(header), ",") {
		if name = strings.TrimPrefix(strings.TrimSpace(name), "x-"); slices.Contains(codings, name) {
			found = append(found, name)
		}
	}
	return strings.Join(found, ", ")
}

// Decode replaces the body of an object by what was encoded, if its Encoding says that it
// is: then Size is -1. A body that does not begin like its encoding is taken as it is, as
// some clients decode what they upload. What is damaged gives ErrRefused when it is read.
// There is no bound on how much is decoded: readers have one.
//
// The error is ErrRefused for an encoding other than gzip and deflate, and for several,
// with the name of the backend.
func (o *Object) Decode(ctx context.Context, backend string) error {
	switch o.Encoding {
	case "":
		return nil
	case "gzip", "deflate":
	default:
		return Refused(ctx, backend, fmt.Errorf("the Content-Encoding %s is not supported", o.Encoding))
	}
	o.Body = &decoded{body: o.Body, coding: o.Encoding, refused: func(err error) error { return Refused(ctx, backend, err) }}
	o.Size, o.Encoding = -1, ""
	return nil
}

// decoded is a body that is decoded as it is read.
type decoded struct {
	body    io.ReadCloser
	coding  string
	refused func(error) error
	r       io.Reader // of what is decoded; nil before the first Read
	err     error     // of begin
}

func (d *decoded) Read(p []byte) (n int, err error) {
	if d.r == nil && d.err == nil {
		d.r, d.err = d.begin()
	}
	if err = d.err; err == nil {
		n, err = d.r.Read(p)
	}
	if err == nil || errors.Is(err, io.EOF) || failure.Of(err) != failure.Unknown {
		return n, err
	}
	return n, d.refused(fmt.Errorf("its Content-Encoding is %s: %w", d.coding, err))
}

func (d *decoded) begin() (io.Reader, error) {
	buffered := bufio.NewReader(d.body)
	head, _ := buffered.Peek(2) // an error comes again
	switch {
	case len(head) < 2:
	case d.coding == "gzip" && head[0] == 0x1f && head[1] == 0x8b:
		r, err := gzip.NewReader(buffered)
		if err != nil { // r is a nil pointer, which is no nil reader
			return nil, err
		}
		return r, nil
	case d.coding == "deflate" && head[0]&15 == 8 && (int(head[0])<<8|int(head[1]))%31 == 0:
		return zlib.NewReader(buffered)
	}
	return buffered, nil
}

func (d *decoded) Close() error { return d.body.Close() }
