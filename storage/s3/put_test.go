package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	client "github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
)

// testPut: what others see of an object that was put.
func testPut(t *testing.T, server *minio.Server) {
	fill(t, server, "put", "", nil)
	origin := open(t, server, "put", "pre", "")
	modTime := time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16+1) // three parts
	tests := []struct {
		key, body, contentType string
	}{
		{"cat.jpg", "\xff\xd8\xff\xe0 a cat", "image/jpeg"},
		{"misnamed.jpg", "\x89PNG\r\n\x1a\n a cat", "image/png"},
		{"a.AVIF", "\x00\x00\x00\x1cftypavif", "image/avif"},
		{"logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"},
		{"page.html", "<html><script>alert(1)</script>", "application/octet-stream"},
		{"large.tif", string(large), "image/tiff"},
	}
	for _, tt := range tests {
		if err := origin.Put(t.Context(), tt.key, strings.NewReader(tt.body), int64(len(tt.body)), modTime); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, origin, tt.key)
		if err != nil || got != tt.body {
			t.Errorf("%s: read %d bytes, %v; want the %d that were put", tt.key, len(got), err, len(tt.body))
		}
		info, err := server.Client().StatObject(t.Context(), "put", "pre/"+tt.key, client.StatObjectOptions{})
		if err != nil || info.ContentType != tt.contentType || info.UserMetadata["Mtime"] != "1551675967" {
			t.Errorf("%s: type %q, metadata %v, %v; want %q", tt.key, info.ContentType, info.UserMetadata, err, tt.contentType)
		}
		err = origin.Put(t.Context(), tt.key, strings.NewReader(tt.body), int64(len(tt.body)), modTime)
		if !errors.Is(err, storage.ErrExists) {
			t.Errorf("%s again: %v, want ErrExists", tt.key, err)
		}
	}
	for upload := range server.Client().ListIncompleteUploads(t.Context(), "put", "pre/large.tif", true) { // MinIO lists them by whole keys only
		t.Errorf("left behind: %s, %v", upload.Key, upload.Err)
	}
}

// uploads is a backend that takes objects and does not keep them.
type uploads struct {
	mu                          sync.Mutex
	requests                    []string // METHOD query If-None-Match
	unconditional, there, fails bool
}

func (u *uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.requests = append(u.requests, strings.TrimSpace(r.Method+" "+r.URL.RawQuery+" "+r.Header.Get("If-None-Match")))
	switch {
	case u.unconditional && r.Header.Get("If-None-Match") != "":
		failWith(501, "NotImplemented")(w, r)
	case r.Method == http.MethodPut && u.fails:
		failWith(400, "BadDigest")(w, r)
	case r.Method == http.MethodHead || r.Method == http.MethodGet:
		if !u.there {
			failWith(404, "NoSuchKey")(w, r)
			return
		}
		object(w, 0)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case r.URL.RawQuery == "uploads=":
		io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>")
	case r.Method == http.MethodPost:
		io.WriteString(w, "<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>key</Key></CompleteMultipartUploadResult>")
	default:
		w.Header().Set("ETag", `"abc"`)
	}
}

// asked returns the requests since the last call.
func (u *uploads) asked() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	defer func() { u.requests = nil }()
	return strings.Join(u.requests, ", ")
}

// TestPutRequests: what is asked of backends that know conditions, and of those that
// do not.
func TestPutRequests(t *testing.T) {
	t.Parallel()
	const parts = 8<<20 + 1
	tests := []struct {
		name    string
		backend *uploads
		size    int
		want    error
		asked   string
	}{
		{"one part", &uploads{}, 10, nil, "PUT  *"},
		{"two parts", &uploads{}, parts, nil, "POST uploads=, PUT partNumber=1&uploadId=id, PUT partNumber=2&uploadId=id, POST uploadId=id *"},
		{"a wrong sum", &uploads{fails: true}, 10, storage.ErrUnavailable, "PUT  *"},
		{"a wrong sum of a part", &uploads{fails: true}, parts, storage.ErrUnavailable, "POST uploads=, PUT partNumber=1&uploadId=id, DELETE uploadId=id"},
		{"no conditions", &uploads{unconditional: true}, 10, nil, "PUT  *, HEAD, GET, PUT"},
		{"no conditions, there", &uploads{unconditional: true, there: true}, 10, storage.ErrExists, "PUT  *, HEAD"},
		{
			"no conditions, two parts", &uploads{unconditional: true}, parts, nil,
			"POST uploads=, PUT partNumber=1&uploadId=id, PUT partNumber=2&uploadId=id, POST uploadId=id *, HEAD, GET, POST uploadId=id",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			origin, _ := faulty(t, s3.Options{}, tt.backend.ServeHTTP)
			err := put(t, origin, make([]byte, tt.size))
			if !errors.Is(err, tt.want) {
				t.Errorf("error is %v, want %v", err, tt.want)
			}
			if asked := tt.backend.asked(); asked != tt.asked {
				t.Errorf("asked for %s; want %s", asked, tt.asked)
			}
			if tt.backend.unconditional { // and is not asked for conditions again
				tt.backend.there = true
				err := put(t, origin, []byte("x"))
				if asked := tt.backend.asked(); !errors.Is(err, storage.ErrExists) || asked != "HEAD" {
					t.Errorf("again: %v, asked for %s", err, asked)
				}
			}
		})
	}
}

func put(t *testing.T, origin *s3.Origin, body []byte) error {
	return origin.Put(t.Context(), "key", struct{ io.Reader }{bytes.NewReader(body)}, int64(len(body)), time.Time{})
}

// TestPutAnswers: what errors of uploads mean.
func TestPutAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		code   string
		want   error
	}{
		{"exists", 412, "PreconditionFailed", storage.ErrExists},
		{"exists, without a body", 412, "", storage.ErrExists},
		{"another upload, of which nothing is there", 409, "ConditionalRequestConflict", storage.ErrTransient},
		{"another upload, without a body", 409, "", storage.ErrTransient},
		{"an upload that was aborted", 404, "NoSuchUpload", storage.ErrRefused},
		{"a part that was damaged on the way", 400, "BadDigest", storage.ErrUnavailable},
		{"a storage class that is none", 400, "InvalidStorageClass", storage.ErrRefused},
		{"not allowed", 403, "AccessDenied", storage.ErrRefused},
		{"wrong clock", 403, "RequestTimeTooSkewed", storage.ErrUnavailable},
		{"below an object", 400, "XMinioParentIsObject", storage.ErrRefused},
		{"above objects", 409, "XMinioObjectExistsAsDirectory", storage.ErrRefused},
		{"name too long", 400, "KeyTooLongError", storage.ErrRefused},
		{"no bucket", 404, "NoSuchBucket", storage.ErrUnavailable},
		{"bare 404", 404, "", storage.ErrUnavailable},
		{"slow down", 503, "SlowDown", storage.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // minio-go pauses even after the last try
			origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPut {
					failWith(404, "NoSuchKey")(w, r)
					return
				}
				failWith(tt.status, tt.code)(w, r)
			})
			err := put(t, origin, []byte(body))
			if !errors.Is(err, tt.want) || errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRefused) != (tt.want == storage.ErrRefused) ||
				errors.Is(err, storage.ErrTransient) != (tt.want == storage.ErrTransient) {
				t.Errorf("error is %v, want %v", err, tt.want)
			}
		})
	}
}

// interrupted is a backend at which an upload in parts is interrupted.
type interrupted struct {
	uploads
	at      func(r *http.Request, cancel context.CancelFunc) // is called with every request
	aborted chan struct{}                                    // is closed when the upload is aborted
	fails   atomic.Int32                                     // so many times aborting fails
}

func (i *interrupted) serve(cancel context.CancelFunc) http.HandlerFunc {
	i.aborted = make(chan struct{})
	abort := sync.OnceFunc(func() { close(i.aborted) })
	return func(w http.ResponseWriter, r *http.Request) {
		i.at(r, cancel)
		if r.Method == http.MethodDelete && r.URL.Query().Get("uploadId") == "id" {
			if i.fails.Add(-1) >= 0 {
				failWith(500, "InternalError")(w, r)
				return
			}
			defer abort()
		}
		i.ServeHTTP(w, r)
	}
}

// TestPutInterrupted: an upload in parts that is interrupted is aborted, at whatever
// point.
func TestPutInterrupted(t *testing.T) {
	t.Parallel()
	const size = 3 * 8 << 20
	is := func(method, query string) func(*http.Request, context.CancelFunc) {
		return func(r *http.Request, cancel context.CancelFunc) {
			if r.Method == method && strings.Contains(r.URL.RawQuery, query) {
				cancel()
			}
		}
	}
	tests := []struct {
		name    string
		backend *interrupted
	}{
		{"before its id is known", &interrupted{at: is("POST", "uploads=")}},
		{"in a part", &interrupted{at: func(r *http.Request, cancel context.CancelFunc) {
			if strings.Contains(r.URL.RawQuery, "partNumber=2") {
				cancel()
				_, _ = io.Copy(io.Discard, r.Body) // until the connection ends
			}
		}}},
		{"before it is completed", &interrupted{at: is("PUT", "partNumber=3")}},
		{"while aborting fails", func() *interrupted {
			i := &interrupted{at: is("PUT", "partNumber=2")}
			i.fails.Store(1)
			return i
		}()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			origin, _ := faulty(t, s3.Options{}, tt.backend.serve(cancel))
			if err := origin.Put(ctx, "key", struct{ io.Reader }{bytes.NewReader(make([]byte, size))}, size, time.Time{}); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want context.Canceled", err)
			}
			select {
			case <-tt.backend.aborted:
			default:
				t.Errorf("not aborted: %s", tt.backend.asked())
			}
		})
	}
}

// TestPutStalls: a backend that takes no more of the body is given up.
func TestPutStalls(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	origin, _ := faulty(t, s3.Options{StallTimeout: 4 * short}, func(_ http.ResponseWriter, r *http.Request) {
		<-release
	})
	defer close(release)
	done := make(chan error, 1)
	go func() { done <- put(t, origin, make([]byte, 8<<20)) }()
	wantUnavailable(t, <-done, "no byte of the body was sent")
}

// TestPutTooLarge: what S3 would refuse after hours is refused at once.
func TestPutTooLarge(t *testing.T) {
	t.Parallel()
	origin, tries := faulty(t, s3.Options{}, failWith(500, ""))
	for _, size := range []int64{-1, 80<<30 + 1} {
		if err := origin.Put(t.Context(), "key", strings.NewReader(""), size, time.Time{}); !errors.Is(err, storage.ErrRefused) || tries.Load() != 0 {
			t.Errorf("%d bytes: %v, %d requests; want ErrRefused, none", size, err, tries.Load())
		}
	}
}

// TestStat: a HEAD has no body that says what its status means; GET has.
func TestStat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   error
		tries  int32
	}{
		{"there", func(w http.ResponseWriter, _ *http.Request) { object(w, 10) }, nil, 1},
		{"missing", failWith(404, "NoSuchKey"), storage.ErrNotFound, 2},
		{"no bucket", failWith(404, "NoSuchBucket"), storage.ErrUnavailable, 2},
		{"denied", failWith(403, "AccessDenied"), storage.ErrRefused, 2},
		{"clock", failWith(403, "RequestTimeTooSkewed"), storage.ErrUnavailable, 2},
		{"broken", failWith(500, ""), storage.ErrUnavailable, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			origin, tries := faulty(t, s3.Options{}, tt.answer)
			entry, err := origin.Stat(t.Context(), "key")
			if !errors.Is(err, tt.want) || tries.Load() != tt.tries || errors.Is(err, storage.ErrRefused) != (tt.want == storage.ErrRefused) {
				t.Errorf("error is %v after %d requests, want %v after %d", err, tries.Load(), tt.want, tt.tries)
			}
			want := storage.Entry{Key: "key", Size: 10, ETag: "abc", ModTime: time.Date(2024, 5, 17, 10, 30, 0, 0, time.UTC)}
			if tt.want == nil && entry != want {
				t.Errorf("%+v, want %+v", entry, want)
			}
		})
	}
}

// TestNotModified: what is asked, and that a backend that does not listen is seen
// through.
func TestNotModified(t *testing.T) {
	t.Parallel()
	when := time.Date(2024, 5, 17, 10, 30, 0, 0, time.UTC)
	tests := []struct {
		name  string
		have  storage.Version
		asked string // If-None-Match and If-Modified-Since
		want  error
	}{
		{"nothing", storage.Version{}, " | ", nil},
		{"ETag", storage.Version{ETag: "abc", ModTime: when}, `"abc" | `, storage.ErrNotModified},
		{"another ETag", storage.Version{ETag: "abd", ModTime: when}, `"abd" | `, nil},
		{"time", storage.Version{ModTime: when}, " | Fri, 17 May 2024 10:30:00 GMT", storage.ErrNotModified},
		{"older", storage.Version{ModTime: when.Add(-1)}, " | Fri, 17 May 2024 10:29:59 GMT", nil},
		{"an ETag that is none", storage.Version{ETag: "a\"\r\nb"}, " | ", nil},
	}
	for _, listens := range []bool{true, false} {
		for _, tt := range tests {
			var asked atomic.Value
			origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, r *http.Request) {
				asked.Store(r.Header.Get("If-None-Match") + " | " + r.Header.Get("If-Modified-Since"))
				if tt.want != nil && listens {
					w.WriteHeader(http.StatusNotModified)
					return
				}
				object(w, 10)
				io.WriteString(w, body)
			})
			o, err := origin.Open(t.Context(), "key", tt.have)
			if !errors.Is(err, tt.want) || (o == nil) != (err != nil) || errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("%s, listens %t: %v, want %v", tt.name, listens, err, tt.want)
			}
			if o != nil {
				o.Body.Close()
			}
			if got := asked.Load(); got != tt.asked {
				t.Errorf("%s: asked for %q, want %q", tt.name, got, tt.asked)
			}
		}
	}
}
