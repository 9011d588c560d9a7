package s3

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// canned answers every request with the same bytes, and many with none.
type canned struct {
	answer []byte
	asked  int
}

func (c *canned) RoundTrip(req *http.Request) (*http.Response, error) {
	const enough = 100 // of a listing that is empty, and goes on
	if c.asked++; c.asked > enough {
		return nil, errors.New("that is enough")
	}
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(c.answer)), req)
}

// FuzzOpen has a backend that answers with any bytes: every error is of a kind,
// and what is read without one is as long as announced. It runs in a bubble, so
// that the pauses before second tries take no time.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nLast-Modified: Fri, 17 May 2024 10:30:00 GMT\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 36\r\n\r\n<Error><Code>NoSuchKey</Code></Error>"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nLast-Modified: Fri, 17 May 2024 10:30:00 GMT\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 304 Not Modified\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"abc\"\r\nLast-Modified: Fri, 17 May 2024 10:30:00 GMT\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.0 503 \r\n\r\n<Error><Code>SlowDown"))
	f.Add([]byte("HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\na"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) { readCanned(t, answer) })
	})
}

func cannedOrigin(t *testing.T, answer []byte) *Origin {
	p, err := parse(mustParse(t, "s3://bucket/pre?region=x&endpoint=http://place"))
	if err != nil {
		t.Fatal(err)
	}
	options := Options{AccessKey: "user", SecretKey: "secret"}.withDefaults()
	origin, err := openVia(wrapTransport(&canned{answer: answer}, time.Second), p, options)
	if err != nil {
		t.Fatal(err)
	}
	return origin
}

// FuzzList has a backend that lists anything: every key is one that can be opened.
func FuzzList(f *testing.F) {
	for _, body := range []string{
		"<ListBucketResult><Contents><Key>pre/a</Key><Size>3</Size></Contents></ListBucketResult>",
		"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken><Contents><Key>pre/a</Key></Contents></ListBucketResult>",
		"<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>pre%2F..%2Fa</Key></Contents></ListBucketResult>",
		"<Error><Code>SlowDown</Code></Error>",
	} {
		f.Add([]byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) { listCanned(t, answer) })
	})
}

func listCanned(t *testing.T, answer []byte) {
	const enough = 1000 // a backend may list for ever
	n := 0
	for entry, err := range cannedOrigin(t, answer).List(t.Context(), "", nil) {
		if err != nil && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("error of no kind: %v", err)
		}
		if _, invalid := variant.ParseKey(entry.Key); err == nil && invalid != nil {
			t.Errorf("listed %q", entry.Key)
		}
		if n++; n == enough {
			return
		}
	}
}

func readCanned(t *testing.T, answer []byte) {
	object, err := cannedOrigin(t, answer).Open(t.Context(), "key", storage.Version{ETag: "abc"})
	if err != nil {
		kinds := 0
		for _, kind := range []error{storage.ErrNotFound, storage.ErrUnavailable, storage.ErrNotModified} {
			if errors.Is(err, kind) {
				kinds++
			}
		}
		if kinds != 1 {
			t.Errorf("error of no kind, or of several: %v", err)
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
