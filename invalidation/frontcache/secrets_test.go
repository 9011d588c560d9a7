package frontcache

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
)

// No credential is in the log, whatever the answer repeats of the request, and where no
// answer comes.
func TestSecretsAreNotLogged(t *testing.T) {
	const secret = `s3cret "with" odd/characters+and%more`
	t.Setenv("FRONT_SECRET", secret)
	settings := Settings{
		URL: `http://purge.example/{{env "FRONT_SECRET" | urlquery}}?key={{env "FRONT_SECRET" | urlquery}}`, Body: `{{json (env "FRONT_SECRET")}}`,
		Headers: map[string]string{"Authorization": `Bearer {{env "FRONT_SECRET"}}`},
	}
	for name, transport := range map[string]http.RoundTripper{
		"an answer that repeats the request": api(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_ = r.Write(w)
			_, _ = w.Write([]byte(r.URL.String() + " " + r.Header.Get("Authorization")))
		}),
		"no answer": refusing{},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &seen{}
				c := newCache(t, settings, s, nil)
				c.client.Transport = transport
				if a := c.send(t.Context(), newBatch([]string{exampleTag})); a.result == OK {
					t.Errorf("the result is %s", a.result)
				} else {
					c.report(a, 1)
				}
				text := s.log.String()
				if !strings.Contains(text, "FRONT_SECRET") {
					t.Errorf("the log does not name the variable:\n%s", text)
				}
				for _, part := range []string{"s3cret", "odd", "characters"} {
					if strings.Contains(text, part) {
						t.Errorf("%s is in the log:\n%s", part, text)
					}
				}
			})
		})
	}
}

// Nothing remains of a credential that begins with another one.
func TestSecretsThatBeginAlike(t *testing.T) {
	t.Parallel()
	f := &form{}
	for i := range 16 {
		f.secrets.Store(fmt.Sprintf("V%c", 'A'+i), "hunter"+strings.Repeat("2", i))
	}
	for i := range 16 {
		if got, want := f.redact("Bearer hunter"+strings.Repeat("2", i)), fmt.Sprintf("Bearer $V%c", 'A'+i); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// refusing fails as a network does, with an error that repeats the URL.
type refusing struct{}

func (refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, &url.Error{Op: "dial", URL: r.URL.String(), Err: http.ErrServerClosed}
}
