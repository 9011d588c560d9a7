package resize

import (
	"bytes"
	"io"
	"os"
)

// Source is the bytes of a picture, which do not change while it is in use.
type Source struct {
	// At reads the bytes. Its errors but io.EOF are passed on as they are.
	At   io.ReaderAt
	Size int64 // bytes
	// File is nil, or the open file of just these bytes that At reads, which an engine may
	// hand to another process instead of the bytes.
	File *os.File
}

// memory is the reader of a Source whose bytes are in memory.
type memory struct {
	bytes.Reader
	data []byte
}

// InMemory returns a Source of data.
func InMemory(data []byte) Source {
	return Source{At: &memory{*bytes.NewReader(data), data}, Size: int64(len(data))}
}

// Bytes returns all bytes, which must not be changed. Those of a file are read into memory.
// The error is that of At.
func (s Source) Bytes() ([]byte, error) {
	if m, ok := s.At.(*memory); ok {
		return m.data, nil
	}
	data := make([]byte, s.Size)
	if n, err := s.At.ReadAt(data, 0); n < len(data) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return data, nil
}
