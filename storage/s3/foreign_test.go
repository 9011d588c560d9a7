package s3_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
)

// TestStrangers404: only S3 can say that there is no such object. What stands
// before it says 404, too, when it has lost it.
func TestForeign404(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, contentType, body string
		want                    error
	}{
		{"nginx", "text/html", "<html><head><title>404 Not Found</title></head></html>", storage.ErrUnavailable},
		{"XHTML", "text/html; charset=utf-8", `<?xml version="1.0"?><html/>`, storage.ErrUnavailable},
		{"a route that is missing", "text/plain; charset=utf-8", "404 page not found\n", storage.ErrUnavailable},
		{"S3", "application/xml", "<Error><Code>NoSuchKey</Code></Error>", storage.ErrNotFound},
		{"S3, as text", "text/xml", `<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>`, storage.ErrNotFound},
		{"nothing", "application/xml", "", storage.ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // minio-go pauses even after the last try
			origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				w.WriteHeader(http.StatusNotFound)
				io.WriteString(w, tt.body)
			})
			_, err := origin.Open(t.Context(), "key", storage.Version{})
			for _, kind := range []error{storage.ErrUnavailable, storage.ErrNotFound} {
				if errors.Is(err, kind) != (kind == tt.want) {
					t.Errorf("error is %v, want %v only", err, tt.want)
				}
			}
		})
	}
}

// TestStrangers403: a firewall that does not let us through says nothing about
// the object.
func TestForeign403(t *testing.T) {
	t.Parallel()
	origin, _ := faulty(t, s3.Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "<html>Blocked by policy</html>")
	})
	_, err := origin.Open(t.Context(), "key", storage.Version{})
	if wantUnavailable(t, err, "web page"); errors.Is(err, storage.ErrRefused) {
		t.Errorf("error is %v, not ErrRefused", err)
	}
}

// TestNoCookies: what a backend gives us to remember is forgotten.
func TestNoCookies(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusForbidden} {
		origin, tries := faulty(t, s3.Options{}, func(w http.ResponseWriter, r *http.Request) {
			if len(r.Cookies()) > 0 {
				t.Errorf("after %d: the request has the cookies %v", status, r.Cookies())
			}
			http.SetCookie(w, &http.Cookie{Name: "id", Value: "1"})
			object(w, 10)
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
		for range 3 {
			_, _ = readAll(t, origin, "key")
		}
		if tries.Load() != 3 {
			t.Errorf("%d requests, want 3", tries.Load())
		}
	}
}
