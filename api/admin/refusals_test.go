package admin

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// However many requests are refused, and for whatever reason, one a second is logged, with
// the number of those before it that were not.
func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newTestAdmin(Config{Token: testToken, Hook: &Hook{Secret: "of the hook", Observe: func(string) {}}})
		const many = 100
		for _, one := range []struct{ host, method, path, logged string }{
			{"localhost", "GET", "/switches", `msg="refused a request without the admin token" path=/switches client=192.0.2.1:1234`},
			{"localhost", "POST", "/hooks/s3", `msg="refused a bucket notification without the secret" client=192.0.2.1:1234 omitted=99`},
			{"evil.example", "GET", "/healthz", `msg="refused a request for another host name" host=evil.example client=192.0.2.1:1234 omitted=99`},
		} {
			for range many {
				o.requestAs(one.host, one.method, one.path)
			}
			if lines := strings.SplitAfter(o.log.String(), "\n"); len(lines) != 2 || !strings.HasSuffix(lines[0], one.logged+"\n") {
				t.Errorf("the log of %d refusals:\n%s", many, &o.log)
			}
			o.log.Reset()
			time.Sleep(refusalEvery)
		}
	})
}
