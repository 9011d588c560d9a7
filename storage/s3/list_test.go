package s3_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/storage/s3"
)

// listing answers with keys, and says that there are more if told so.
func listing(more bool, keys ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "<ListBucketResult><IsTruncated>%t</IsTruncated>", more)
		if more {
			io.WriteString(w, "<NextContinuationToken>again</NextContinuationToken>")
		}
		for _, key := range keys {
			size := 3
			if strings.HasSuffix(key, "folder/") {
				size = 0
			}
			fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size><ETag>"e"</ETag><LastModified>2024-05-17T10:30:00.123Z</LastModified></Contents>`, key, size)
		}
		io.WriteString(w, "</ListBucketResult>")
	}
}

// TestListAnswers: what backends say, and what they should not.
func TestListAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		answer  http.HandlerFunc
		want    string
		skipped string
		problem string
	}{
		{"nothing", listing(false), "", "", ""},
		{"some", listing(false, "pre/a", "pre/b/c"), "a b/c", "", ""},
		{"no keys", listing(false, "pre/folder/", "pre/a", "pre/b/", "pre//c", "other", "pre/x/../y"), "a", "b/ /c other x/../y", ""},
		{"in circles", listing(true, "pre/a", "pre/b"), "a b", "", "repeats itself"},
		{"forbidden", failWith(403, "AccessDenied"), "", "", "AccessDenied"},
		{"no bucket", failWith(404, "NoSuchBucket"), "", "", "NoSuchBucket"},
		{"no XML", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }, "", "", "EOF"},
		{"half", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<ListBucketResult><Contents>") }, "", "", "EOF"},
		{"without end", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "<ListBucketResult><Prefix>")
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 64<<10)); err != nil {
					return
				}
			}
		}, "", "", "too large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			origin, _ := faulty(t, s3.Options{}, tt.answer)
			var got, skipped []string
			var last error
			for entry, err := range origin.List(t.Context(), "", func(key string) { skipped = append(skipped, key) }) {
				if last = err; err == nil {
					got = append(got, entry.Key)
				}
			}
			if strings.Join(got, " ") != tt.want || strings.Join(skipped, " ") != tt.skipped {
				t.Errorf("listed %q, skipped %q; want %s and %s", got, skipped, tt.want, tt.skipped)
			}
			if tt.problem == "" && last != nil {
				t.Error(last)
			} else if tt.problem != "" {
				wantUnavailable(t, last, tt.problem)
			}
		})
	}
}
