package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/s3"
)

const body = "0123456789"

// short makes a test that waits for a time-out quick. What is not to time out
// has the default.
const short = 50 * time.Millisecond

// faulty starts a server that answers every request for an object as told, and
// counts them.
func faulty(t *testing.T, options s3.Options, answer http.HandlerFunc) (*s3.Origin, *atomic.Int32) {
	t.Helper()
	var tries atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tries.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return openFaulty(t, server.URL, options), &tries
}

func openFaulty(t *testing.T, endpoint string, options s3.Options) *s3.Origin {
	t.Helper()
	u, err := url.Parse("s3://bucket/pre?region=us-east-1&endpoint=" + endpoint)
	if err != nil {
		t.Fatal(err)
	}
	options.AccessKey, options.SecretKey = "user", "s3cr3t-of-user"
	origin, err := s3.Open(u, options)
	if err != nil {
		t.Fatal(err)
	}
	return origin
}

// object writes the header of a good answer.
func object(w http.ResponseWriter, length int) {
	w.Header().Set("Last-Modified", "Fri, 17 May 2024 10:30:00 GMT")
	w.Header().Set("ETag", `"abc"`)
	if length >= 0 {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
}

func failWith(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if code != "" {
			w.Header().Set("Content-Type", "application/xml")
		}
		w.WriteHeader(status)
		if code != "" {
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>it says %s</Message></Error>", code, code)
		}
	}
}

// TestEncoded: the encoding of an object is passed on, and its body as it is stored.
func TestEncoded(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{"gzip": "gzip", "aws-chunked": "", "aws-chunked,gzip": "gzip", "": ""} {
		origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set("Content-Encoding", header)
			}
			object(w, 10)
			io.WriteString(w, body)
		})
		o, err := origin.Open(t.Context(), "key", storage.Version{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(o.Body)
		o.Discard()
		if err != nil || string(got) != body || o.Encoding != want || o.Size != 10 {
			t.Errorf("%q: encoding %q, %q, %v", header, o.Encoding, got, err)
		}
	}
}

// TestAnswers: what each answer means, and how often it is asked for.
func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   error // nil for the body
		text   string
		tries  int32
	}{
		{"good", func(w http.ResponseWriter, _ *http.Request) { object(w, 10); io.WriteString(w, body) }, nil, "", 1},
		{"no such key", failWith(404, "NoSuchKey"), storage.ErrNotFound, "", 1},
		{"bare 404", failWith(404, ""), storage.ErrNotFound, "", 1},
		{"key too long", failWith(400, "KeyTooLongError"), storage.ErrNotFound, "", 1},
		{"no such bucket", failWith(404, "NoSuchBucket"), storage.ErrUnavailable, "NoSuchBucket", 1},
		{"denied", failWith(403, "AccessDenied"), storage.ErrRefused, "s3:ListBucket", 1},
		{"bare 403", failWith(403, ""), storage.ErrRefused, "s3:ListBucket", 1},
		{"in an archive", failWith(403, "InvalidObjectState"), storage.ErrRefused, "InvalidObjectState", 1},
		{"clock", failWith(403, "RequestTimeTooSkewed"), storage.ErrUnavailable, "RequestTimeTooSkewed", 1},
		{"key", failWith(403, "InvalidAccessKeyId"), storage.ErrUnavailable, "InvalidAccessKeyId", 1},
		{"token", failWith(403, "ExpiredToken"), storage.ErrUnavailable, "ExpiredToken", 1},
		{"token, as Amazon says it", failWith(400, "ExpiredToken"), storage.ErrUnavailable, "ExpiredToken", 1},
		{"not asked whether modified", failWith(304, ""), storage.ErrUnavailable, "304", 1},
		{"signature", failWith(403, "SignatureDoesNotMatch"), storage.ErrUnavailable, "SignatureDoesNotMatch", 1},
		{"redirect", failWith(301, "PermanentRedirect"), storage.ErrUnavailable, "PermanentRedirect", 1},
		{"internal error", failWith(500, "InternalError"), storage.ErrUnavailable, "it says InternalError", 1},
		{"bare 500", failWith(500, ""), storage.ErrUnavailable, "500", 1},
		{"bare 502", failWith(502, ""), storage.ErrUnavailable, "502", 1},
		{"slow down", failWith(503, "SlowDown"), storage.ErrUnavailable, "SlowDown", 1},
		{"too many requests", failWith(429, ""), storage.ErrUnavailable, "429", 1},
		{"slow down, as MinIO says it", failWith(429, "TooManyRequests"), storage.ErrUnavailable, "TooManyRequests", 1},
		{"request time-out", failWith(400, "RequestTimeout"), storage.ErrUnavailable, "RequestTimeout", 1},
		{"bare 408", failWith(408, ""), storage.ErrUnavailable, "408", 1},
		{"bare 401", failWith(401, ""), storage.ErrUnavailable, "401", 1},
		{"of another region", failWith(400, "AuthorizationHeaderMalformed"), storage.ErrUnavailable, "AuthorizationHeaderMalformed", 1},
		{"bucket disabled", failWith(403, "AllAccessDisabled"), storage.ErrUnavailable, "AllAccessDisabled", 1},
		{"no such tenant", failWith(404, "NoSuchTenant"), storage.ErrUnavailable, "NoSuchTenant", 1},
		{"a remote behind the backend is down", failWith(400, "XMinioBackendDown"), storage.ErrUnavailable, "XMinioBackendDown", 1},
		{"a name that MinIO refuses", failWith(400, "XMinioInvalidResourceName"), storage.ErrNotFound, "", 1},
		{"a name that cannot be parsed", failWith(400, "InvalidURI"), storage.ErrNotFound, "", 1},
		{"bare 410", failWith(410, ""), storage.ErrNotFound, "", 1},
		{"encrypted with a customer's key", failWith(400, "InvalidRequest"), storage.ErrRefused, "InvalidRequest", 1},
		{"KMS key disabled", failWith(400, "KMS.DisabledException"), storage.ErrRefused, "KMS.DisabledException", 1},
		{"KMS key gone", failWith(400, "KMS.NotFoundException"), storage.ErrRefused, "KMS.NotFoundException", 1},
		{"no KMS any more", failWith(501, "NotImplemented"), storage.ErrRefused, "NotImplemented", 1},
		{"delete marker", failWith(405, "MethodNotAllowed"), storage.ErrRefused, "MethodNotAllowed", 1},
		{"invalid argument", failWith(400, "InvalidArgument"), storage.ErrRefused, "InvalidArgument", 1},
		{"code of the future", failWith(400, "WrongPhaseOfTheMoon"), storage.ErrRefused, "WrongPhaseOfTheMoon", 1},
		{"bare 400", failWith(400, ""), storage.ErrRefused, "400", 1},
		{"bare 451", failWith(451, ""), storage.ErrRefused, "451", 1},
		{"no content", failWith(204, ""), storage.ErrUnavailable, "204", 1},
		{"a part", func(w http.ResponseWriter, _ *http.Request) {
			object(w, 5)
			w.WriteHeader(206)
			io.WriteString(w, body[:5])
		}, storage.ErrUnavailable, "206", 1},
		{"no end", func(w http.ResponseWriter, _ *http.Request) {
			raw(w, "HTTP/1.1 200 OK\r\nConnection: close\r\nLast-Modified: Fri, 17 May 2024 10:30:00 GMT\r\n\r\n"+body)
		}, storage.ErrUnavailable, "where the body ends", 1},
		{"not HTTP", func(w http.ResponseWriter, _ *http.Request) { raw(w, "SSH-2.0-dropbear\r\n") }, storage.ErrUnavailable, "malformed", 1},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request) { raw(w, "") }, storage.ErrUnavailable, "closed", 1},
		{"huge header", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Meta-Long", strings.Repeat("x", 200_000))
			object(w, 10)
			io.WriteString(w, body)
		}, storage.ErrUnavailable, "header", 1},
		{"long error", failWith(400, strings.Repeat("x", 100_000)), storage.ErrRefused, "xxx…", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // minio-go pauses even after the last try
			origin, tries := faulty(t, s3.Options{}, tt.answer)
			got, err := readAll(t, origin, "key")
			switch {
			case tt.want == nil && (err != nil || got != body):
				t.Errorf("read %q, %v", got, err)
			case errors.Is(tt.want, storage.ErrUnavailable):
				wantUnavailable(t, err, tt.text)
				if errors.Is(err, storage.ErrRefused) != (tt.want == storage.ErrRefused) {
					t.Errorf("error is %v, want %v", err, tt.want)
				}
			case !errors.Is(err, tt.want):
				t.Errorf("error is %v, want %v", err, tt.want)
			}
			if err != nil && (len(err.Error()) > 1000 || strings.Contains(err.Error(), "s3cr3t")) {
				t.Errorf("error of %d bytes: %v", len(err.Error()), err)
			}
			if n := tries.Load(); n != tt.tries {
				t.Errorf("%d tries, want %d", n, tt.tries)
			}
		})
	}
}

// TestOneObjectIsNotTheBackend: however often a backend answers about one object, it is
// asked for others; and such an answer is not asked for twice.
func TestOneObjectIsNotTheBackend(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		code   string
	}{
		{400, "XMinioInvalidResourceName"},
		{400, "InvalidRequest"},
		{400, "KMS.DisabledException"},
		{400, ""},
		{403, "InvalidObjectState"},
		{405, "MethodNotAllowed"},
		{410, ""},
	} {
		t.Run(fmt.Sprint(tt.status, tt.code), func(t *testing.T) {
			t.Parallel() // minio-go pauses even after the last try
			origin, tries := faulty(t, s3.Options{}, failWith(tt.status, tt.code))
			o := breaker.New(origin, breaker.Observer{})
			m := hedge.Mirrors(nil, hedge.Observer{}, o)
			const asked = 8 // more than open a breaker
			for range asked {
				if _, err := m.Open(t.Context(), "key", storage.Version{}); err == nil {
					t.Fatal("it opens")
				}
			}
			if o.Down() || tries.Load() != asked {
				t.Errorf("down: %t, after %d requests; want it up, after %d", o.Down(), tries.Load(), asked)
			}
		})
	}
}

// raw writes text instead of an HTTP response and closes the connection.
func raw(w http.ResponseWriter, text string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	io.WriteString(conn, text)
	conn.Close()
}

// TestBrokenBodies: none of them ends with io.EOF, and none is fetched again.
func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nLast-Modified: Fri, 17 May 2024 10:30:00 GMT\r\n"
	tests := []struct {
		name   string
		text   string
		answer http.HandlerFunc
	}{
		{"short", "", func(w http.ResponseWriter, _ *http.Request) { raw(w, head+"Content-Length: 20\r\n\r\n"+body) }},
		{"nothing", "", func(w http.ResponseWriter, _ *http.Request) { raw(w, head+"Content-Length: 20\r\n\r\n") }},
		{"chunk cut", "", func(w http.ResponseWriter, _ *http.Request) {
			raw(w, head+"Transfer-Encoding: chunked\r\n\r\n20\r\n"+body)
		}},
		{"chunks without an end", "", func(w http.ResponseWriter, _ *http.Request) {
			raw(w, head+"Transfer-Encoding: chunked\r\n\r\na\r\n"+body+"\r\n")
		}},
		{"reset", "", func(w http.ResponseWriter, _ *http.Request) {
			object(w, 20)
			io.WriteString(w, body)
			w.(http.Flusher).Flush()
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
		}},
		{"stops", "no byte of the body was received for 50ms", func(w http.ResponseWriter, r *http.Request) {
			object(w, 20)
			io.WriteString(w, body)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			origin, tries := faulty(t, s3.Options{StallTimeout: short}, tt.answer)
			got, err := readAll(t, origin, "key")
			wantUnavailable(t, err, "s3://bucket/pre")
			wantUnavailable(t, err, tt.text)
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v is taken for the caller's", err)
			}
			if !strings.HasPrefix(body, got) || tries.Load() != 1 {
				t.Errorf("read %q in %d tries, want the beginning of %q in 1", got, tries.Load(), body)
			}
		})
	}
}

// TestMoreThanAnnounced: what follows a body is not of the body.
func TestMoreThanAnnounced(t *testing.T) {
	t.Parallel()
	origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, _ *http.Request) {
		raw(w, "HTTP/1.1 200 OK\r\nLast-Modified: Fri, 17 May 2024 10:30:00 GMT\r\nContent-Length: 4\r\n\r\n"+body)
	})
	if got, err := readAll(t, origin, "key"); err != nil || got != body[:4] {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestSlowHeader(t *testing.T) {
	t.Parallel()
	origin, tries := faulty(t, s3.Options{HeaderTimeout: 5 * short}, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	})
	_, err := origin.Open(t.Context(), "key", storage.Version{})
	wantUnavailable(t, err, "timeout awaiting response headers")
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("a time-out of ours is taken for the caller's")
	}
	if n := tries.Load(); n != 1 {
		t.Errorf("%d tries, want 1", n)
	}
}

func TestNobodyAnswersTLS(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	origin := openFaulty(t, "https://"+silent.Addr().String(), s3.Options{ConnectTimeout: short})
	_, err = origin.Open(t.Context(), "key", storage.Version{})
	wantUnavailable(t, err, "TLS handshake timeout")
}

// TestCancelledWaiting: the caller leaves while the backend thinks.
func TestCancelledWaiting(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	origin, tries := faulty(t, s3.Options{}, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	_, err := origin.Open(ctx, "key", storage.Version{})
	if !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnavailable) || tries.Load() != 1 {
		t.Errorf("error is %v after %d tries, want context.Canceled after 1", err, tries.Load())
	}
}

// TestCancelledReading: the caller leaves while the backend sends nothing.
func TestCancelledReading(t *testing.T) {
	t.Parallel()
	origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, r *http.Request) {
		object(w, 20)
		io.WriteString(w, body)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	obj, err := origin.Open(ctx, "key", storage.Version{})
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Body.Close()
	if _, err := io.ReadFull(obj.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	go cancel()
	if _, err := obj.Body.Read(make([]byte, 10)); !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error is %v, want context.Canceled only", err)
	}
}

// TestHeaders: what uploaders can put into an object's headers does no harm.
func TestHeaders(t *testing.T) {
	t.Parallel()
	origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") == "gzip" {
			t.Error("the request asks for compression")
		}
		object(w, 10)
		w.Header().Set("ETag", `W/"abc"`)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Expires", "0")
		w.Header().Set("X-Amz-Tagging", "a=b=c&%%")
		w.Header().Set("X-Amz-Restore", "nonsense")
		w.Header().Set("X-Minio-Source-Mtime", "yesterday")
		io.WriteString(w, body)
	})
	obj, err := origin.Open(t.Context(), "key", storage.Version{})
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Body.Close()
	got, err := io.ReadAll(obj.Body)
	if err != nil || string(got) != body {
		t.Errorf("read %q, %v", got, err)
	}
	modTime := time.Date(2024, 5, 17, 10, 30, 0, 0, time.UTC)
	if obj.Size != 10 || obj.ETag != "abc" || obj.ModTime != modTime {
		t.Errorf("Size %d, ETag %q, ModTime %v", obj.Size, obj.ETag, obj.ModTime)
	}
}

func TestSizeUnknown(t *testing.T) {
	t.Parallel()
	origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, _ *http.Request) {
		object(w, -1)
		w.(http.Flusher).Flush()
		io.WriteString(w, body)
	})
	obj, err := origin.Open(t.Context(), "key", storage.Version{})
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Body.Close()
	got, err := io.ReadAll(obj.Body)
	if err != nil || string(got) != body || obj.Size != -1 {
		t.Errorf("read %q, %v; Size %d", got, err, obj.Size)
	}
}

// TestPath: the key arrives as it is, below bucket and prefix.
func TestPath(t *testing.T) {
	t.Parallel()
	var path string
	origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		failWith(404, "NoSuchKey")(w, r)
	})
	_, _ = origin.Open(t.Context(), "a b/ü+%2F?#.jpg", storage.Version{})
	if want := "/bucket/pre/a%20b/%C3%BC%2B%252F%3F%23.jpg"; path != want {
		t.Errorf("asked for %s, want %s", path, want)
	}
}

// TestConnectionsAreKept: bodies that were read to their end leave a connection
// that the next request uses; and nobody is left behind by those who were not.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		object(w, 10)
		io.WriteString(w, body)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	origin := openFaulty(t, server.URL, s3.Options{})
	for range 10 {
		if got, err := readAll(t, origin, "key"); err != nil || got != body {
			t.Fatalf("read %q, %v", got, err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 10 requests, want 1", n)
	}
}

// TestSlowBodyIsNotAStall: one that stops is in TestBrokenBodies; a slow one that
// moves goes through, however long it takes.
func TestSlowBodyIsNotAStall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &slowly{left: 100, pause: 15 * time.Second}
		got, err := io.ReadAll(s3.IdleTimeoutBody(slow, 20*time.Second, func(error) { t.Error("cancelled") }))
		if err != nil || len(got) != 100 {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
	})
}

// slowly gives one byte after each pause.
type slowly struct {
	left  int
	pause time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	<-time.After(s.pause)
	s.left--
	p[0] = 'x'
	return 1, nil
}

func (s *slowly) Close() error { return nil }
