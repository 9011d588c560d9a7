package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func TestExactLength(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	tests := []struct {
		name string
		body io.Reader
		size int64
		want string
		kind error
	}{
		{"right", strings.NewReader("12345"), 5, "12345", nil},
		{"right, end with the last bytes", iotest.DataErrReader(strings.NewReader("12345")), 5, "12345", nil},
		{"right, byte by byte", iotest.OneByteReader(strings.NewReader("12345")), 5, "12345", nil},
		{"empty", strings.NewReader(""), 0, "", nil},
		{"unknown", strings.NewReader("12345"), -1, "12345", nil},
		{"short", strings.NewReader("1234"), 5, "1234", storage.ErrUnavailable},
		{"short, end with the last bytes", iotest.DataErrReader(strings.NewReader("1234")), 5, "1234", storage.ErrUnavailable},
		{"nothing", strings.NewReader(""), 5, "", storage.ErrUnavailable},
		{"long", strings.NewReader("123456"), 5, "12345", storage.ErrUnavailable},
		{"not empty", strings.NewReader("1"), 0, "", storage.ErrUnavailable},
		{"broken", io.MultiReader(strings.NewReader("12"), iotest.ErrReader(broken)), 5, "12", storage.ErrUnavailable},
		{"broken after the last byte", io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(broken)), 5, "12345", storage.ErrUnavailable},
		{"broken, unknown", io.MultiReader(strings.NewReader("12"), iotest.ErrReader(io.ErrUnexpectedEOF)), -1, "12", storage.ErrUnavailable},
		{"endless nothing", nothing{}, 0, "", storage.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := storage.ExactLength(t.Context(), io.NopCloser(tt.body), tt.size, "place")
			got, err := io.ReadAll(body)
			if string(got) != tt.want {
				t.Errorf("read %q, want %q", got, tt.want)
			}
			if tt.kind == nil && err != nil {
				t.Errorf("error is %v", err)
			}
			if tt.kind != nil {
				storagetest.WantKind(t, err, tt.kind)
				if !strings.HasPrefix(err.Error(), "place: ") {
					t.Errorf("%v does not name the backend", err)
				}
			}
			if _, again := body.Read(make([]byte, 1)); (err == nil && again != io.EOF) || (err != nil && again != err) {
				t.Errorf("the next Read gives %v after %v", again, err)
			}
		})
	}
}

// nothing gives neither bytes nor an end.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestExactLengthAndContexts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	body := storage.ExactLength(ctx, io.NopCloser(strings.NewReader("12345")), 5, "place")
	if _, err := io.ReadFull(body, make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 2 {
		n, err := body.Read(make([]byte, 2))
		if n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("read %d, %v; want context.Canceled", n, err)
		}
		storagetest.WantKind(t, err, nil)
	}
}

// TestOthersTimeouts: a time-out of net is not the caller's, although it says so.
func TestOthersTimeouts(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{context.DeadlineExceeded, context.Canceled, os.ErrDeadlineExceeded, &net.DNSError{IsTimeout: true}} {
		body := storage.ExactLength(t.Context(), io.NopCloser(iotest.ErrReader(fmt.Errorf("read: %w", cause))), 5, "place")
		_, err := io.ReadAll(body)
		storagetest.WantKind(t, err, storage.ErrUnavailable)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("%v is taken for the caller's", err)
		}
	}
}

func TestExactLengthClose(t *testing.T) {
	t.Parallel()
	inner := &closer{Reader: strings.NewReader("12345")}
	body := storage.ExactLength(t.Context(), inner, 5, "place")
	for range 2 {
		if err := body.Close(); err != nil || inner.closed != 1 {
			t.Errorf("Close gives %v, closed %d times; want once", err, inner.closed)
		}
	}
	if n, err := body.Read(make([]byte, 1)); n != 0 || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Read after Close gives %d, %v", n, err)
	}
}

type closer struct {
	io.Reader
	closed int
}

func (c *closer) Close() error { c.closed++; return nil }

// FuzzExactLength: whatever a body does, no error means exactly size bytes.
func FuzzExactLength(f *testing.F) {
	f.Add([]byte("12345"), int64(5), uint8(2))
	f.Add([]byte("12345"), int64(4), uint8(1))
	f.Add([]byte(""), int64(-1), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, size int64, step uint8) {
		body := storage.ExactLength(t.Context(), io.NopCloser(bytes.NewReader(data)), max(size, -1), "place")
		var got []byte
		var err error
		for err == nil {
			p := make([]byte, int(step)+1)
			var n int
			n, err = body.Read(p)
			got = append(got, p[:n]...)
		}
		if !bytes.HasPrefix(data, got) {
			t.Fatalf("read %q of %q", got, data)
		}
		if whole := size < 0 || size == int64(len(data)); whole != (err == io.EOF) {
			t.Errorf("%d bytes, size %d: ends with %v", len(data), size, err)
		}
	})
}
