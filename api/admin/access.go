package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/api/ui"
	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/internal/panics"
)

// withoutToken are the paths that need no token: orchestrators have none, and the sender of
// bucket notifications has a secret of its own.
var withoutToken = []string{"/healthz", "/readyz", "/hooks/s3"}

// authorize refuses requests without the token, if there is one. With it, a request may be
// for any host: no page of an attacker knows it.
func (c Config) authorize(next http.Handler) http.Handler {
	ownHost := c.ownHost(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case c.hasToken(r):
			next.ServeHTTP(w, r)
		case c.Token == "" || slices.Contains(withoutToken, r.URL.Path) || ui.IsFile(r.URL.Path):
			ownHost.ServeHTTP(w, r)
		default:
			c.refusals.warn("refused a request without the admin token", "path", excerpt.Of(r.URL.EscapedPath()), "client", r.RemoteAddr)
			w.Header().Set("WWW-Authenticate", "Bearer")
			api.WriteError(w, http.StatusUnauthorized, "the admin token is wrong or missing: send it as Authorization: Bearer TOKEN")
		}
	})
}

// hasToken reports that a request has the token that this listener asks for.
func (c Config) hasToken(r *http.Request) bool {
	return c.Token != "" && equalSecrets(bearer(r), c.Token)
}

// bearer returns the token that a request sends, "" for none (RFC 6750, 2.1).
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// equalSecrets compares in constant time, also if the lengths differ.
func equalSecrets(given, secret string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// ownHost refuses requests for other hosts than the admin listener's own.
func (c Config) ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if api.IsOwnHost(r, c.Hosts...) {
			next.ServeHTTP(w, r)
			return
		}
		host := excerpt.Of(r.Host)
		c.refusals.warn("refused a request for another host name", "host", host, "client", r.RemoteAddr)
		api.WriteError(w, http.StatusMisdirectedRequest, "the admin listener does not serve the host "+strconv.Quote(host)+
			": use localhost or an address, or start the server with --admin-host and this name")
	})
}

// sameOrigin refuses requests that change something and come from another site's page.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		api.WriteError(w, http.StatusForbidden, "a page of another site may change nothing")
	}))
	return protection.Handler(next)
}

// recoverPanics answers with 500 if a handler panics, or closes the connection if the
// answer has begun. net/http would close it, too, but log the panic at a level that is not
// shown.
func recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if value != http.ErrAbortHandler {
				panics.Recovered("admin", value, "path", excerpt.Of(r.URL.EscapedPath()))
			}
			if value == http.ErrAbortHandler || watched.Status() != 0 {
				panic(http.ErrAbortHandler)
			}
			api.WriteError(w, http.StatusInternalServerError, "a panic; see the log")
		}()
		next.ServeHTTP(watched, r)
	})
}

// maxProfileSeconds is how long a profile or trace may take.
const maxProfileSeconds = 60

// profile bounds how long a handler of net/http/pprof runs.
func profile(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(r.Context())
		r.Body = http.NoBody // a form in the body could give seconds, too
		// Text that is no number is 0 here: the handler refuses it, or uses its default, which
		// is shorter.
		if seconds, _ := strconv.ParseFloat(r.FormValue("seconds"), 64); !(seconds <= maxProfileSeconds) {
			api.WriteError(w, http.StatusBadRequest, "a profile takes at most "+strconv.Itoa(maxProfileSeconds)+" seconds")
			return
		}
		next(w, r)
	}
}

// refusalEvery is how often a refusal is logged: anyone who reaches the listener could fill
// the disk by the log.
const refusalEvery = time.Second

// refusals logs requests that are refused, at most one each refusalEvery.
type refusals struct {
	log *slog.Logger

	mu      sync.Mutex
	next    time.Time // when one may be logged again
	omitted int       // how many were not logged since the last one that was
}

// warn logs a refusal, and how many before it were not logged.
func (l *refusals) warn(message string, attrs ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.next) {
		l.omitted++
		return
	}
	if l.omitted > 0 {
		attrs = append(attrs, "omitted", l.omitted)
	}
	l.log.Warn(message, attrs...)
	l.next, l.omitted = now.Add(refusalEvery), 0
}
