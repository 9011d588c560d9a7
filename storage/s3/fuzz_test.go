package s3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// canned answers every request with the same bytes.
type canned []byte

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(c)), req)
}

// FuzzOpen has a place that answers with any bytes: every error is of a kind,
// and what is read without one is as long as announced. It runs in a bubble, so
// that the pauses before second tries take no time.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nLast-Modified: Fri, 17 May 2024 10:30:00 GMT\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 36\r\n\r\n<Error><Code>NoSuchKey</Code></Error>"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nLast-Modified: Fri, 17 May 2024 10:30:00 GMT\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 503 \r\n\r\n<Error><Code>SlowDown"))
	f.Add([]byte("HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\na"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) { readCanned(t, answer) })
	})
}

func readCanned(t *testing.T, answer []byte) {
	p, err := parse(mustParse(t, "s3://bucket?region=x&endpoint=http://place"))
	if err != nil {
		t.Fatal(err)
	}
	options := Options{AccessKey: "user", SecretKey: "secret"}.withDefaults()
	origin, err := openVia(guarded(canned(answer), time.Second), p, options)
	if err != nil {
		t.Fatal(err)
	}
	object, err := origin.Open(t.Context(), "key")
	if err != nil {
		if errors.Is(err, storage.ErrNotFound) == errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("error of no kind, or of both: %v", err)
		}
		return
	}
	defer object.Body.Close()
	got, err := io.ReadAll(object.Body)
	if err == nil && object.Size >= 0 && int64(len(got)) != object.Size {
		t.Errorf("read %d bytes of %d without an error", len(got), object.Size)
	}
	if err != nil && !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error of no kind: %v", err)
	}
}
