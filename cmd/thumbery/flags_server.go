package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/internal/logbuf"
	"github.com/thumbery/thumbery/invalidation/frontcache"
)

// adminFlags say how the admin listener is reached.
type adminFlags struct {
	Admin string `default:"127.0.0.1:8081" help:"Address of the admin listener, with /healthz, /readyz, /metrics, /debug/pprof, /cache, /switches and /prime: HOST:PORT or unix:/PATH; empty for none. Anyone who can reach it, and has the --admin-token, can change the server: keep it private."`
	tokenFlag
}

// tokenFlag is for all that ask the admin listener.
type tokenFlag struct {
	AdminToken string `secret:"" placeholder:"TOKEN" help:"Secret that the admin listener asks for (Authorization: Bearer TOKEN), but for /healthz, /readyz and /hooks/s3. Required where --admin can be reached from other machines. Best set in the environment."`
}

// bearerToken is "" for none, or that of RFC 6750, 2.1, if it cannot be guessed.
var bearerToken = regexp.MustCompile(`^([A-Za-z0-9._~+/-]{16,1000}=*)?$`)

// validate is not part of parsing, as kong's errors show what could not be parsed.
func (f *tokenFlag) validate() error {
	if !bearerToken.MatchString(f.AdminToken) {
		return errors.New("--admin-token: must have at least 16 characters, which are letters, digits or any of ._~+/-, as openssl rand -hex 32 prints them")
	}
	return nil
}

// serverFlags say where the server listens, and what it logs.
type serverFlags struct {
	adminFlags

	Listen     string        `default:":8080" help:"Address of the public server: HOST:PORT or unix:/PATH. Sockets passed by systemd take precedence."`
	AdminHost  []values.Host `placeholder:"NAME" sep:" " help:"Host name by which the admin listener may be addressed, without a port, for example the name of its container. Requests for other hosts than these, localhost and IP addresses are refused, as a web page could send them (DNS rebinding). Repeatable."`
	HookSecret string        `secret:"" placeholder:"SECRET" help:"Accept bucket notifications at POST /hooks/s3 of the admin listener from clients that send this secret. Best set in the environment."`
	Drain      time.Duration `default:"0s" help:"How long to go on serving after SIGTERM, for example 5s, while /readyz is 503 and load balancers take this server out."`
	Grace      time.Duration `default:"30s" help:"How long running requests and background work may take to finish after SIGTERM and --drain."`
	Log        string        `enum:"text,json" default:"text" help:"Format of the log on standard error: text or json."`
}

func (f *serverFlags) validate() error {
	switch {
	case f.Drain < 0:
		return errors.New("--drain: must not be less than 0")
	case f.Grace < 0:
		return errors.New("--grace: must not be less than 0")
	case strings.ContainsAny(f.HookSecret, " \t\r\n"):
		return errors.New("--hook-secret: must have no spaces: MinIO would not send it")
	}
	return f.tokenFlag.validate()
}

// logger writes to standard error, through a buffer.
func (f *serverFlags) logger() (*slog.Logger, *logbuf.Buffer) {
	b := logbuf.New(os.Stderr)
	var h slog.Handler = slog.NewTextHandler(b, nil)
	if f.Log == "json" {
		h = slog.NewJSONHandler(b, nil)
	}
	return slog.New(b.FlushOnWarn(h)), b
}

// proxyFlags are about what is in front of the server: browsers, caches, and servers
// that send files by themselves.
type proxyFlags struct {
	MaxAge time.Duration `default:"720h" help:"How long browsers and proxies may cache a picture."`
	CORS   string        `name:"cors" placeholder:"ORIGIN" help:"Access-Control-Allow-Origin of every response, for example *."`

	Accel          string `placeholder:"/PREFIX" xor:"sendfile" help:"Let nginx send what is on disk: respond with X-Accel-Redirect to this internal location, for example /cache/."`
	SendfileHeader string `placeholder:"HEADER" xor:"sendfile" help:"Let lighttpd or Apache send what is on disk: respond with this header, for example X-Sendfile, and the path of the file."`

	TagHeader []api.TagHeader `placeholder:"NAME" sep:" " help:"Header that names the picture in every response about one, by which caches in front can purge all its variants: Cache-Tag (Cloudflare), Surrogate-Key (Fastly) or xkey (Varnish). Repeatable."`

	PurgeURL []frontcache.List `placeholder:"URL" sep:" " help:"Cache in front that is told which pictures were forgotten, by their tags: http://HOST:PORT/ for Varnish with a file of deploy/purge, or file:PATH for any other, such as deploy/purge/cloudflare.toml. Repeatable."`

	HotAfter  int              `default:"0" help:"A derivative that is requested more often than this within --hot-window, for example 20, is hot: it is kept in memory, and --hot-header is sent. 0 is never."`
	HotWindow time.Duration    `default:"1m" help:"The time in which --hot-after counts."`
	HotHeader values.HotHeader `placeholder:"NAME:VALUE" help:"Header that tells a cache in front to keep what is hot, and by its opposite value to keep nothing else: for example 'X-Accel-Expires: 3600' for nginx, 'Surrogate-Control: max-age=3600' for Varnish. See deploy/nginx-cache.conf and deploy/varnish.vcl."`
}

var (
	corsOrigin  = regexp.MustCompile(`^(|\*|null|[a-z][a-z0-9+.-]*://[^/?#\s]+)$`)
	accelPrefix = regexp.MustCompile(`^(|(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?)$`)
	// sendfileHeader keeps a slip from replacing a header that means something else.
	sendfileHeader = regexp.MustCompile(`^[Xx]-[A-Za-z0-9-]{1,60}$`)
)

func (f *proxyFlags) validate() error {
	switch {
	case f.MaxAge < 0:
		return errors.New("--max-age: must not be less than 0")
	case !corsOrigin.MatchString(f.CORS):
		return fmt.Errorf("--cors: %q is neither * nor an origin such as https://example.com", f.CORS)
	case !accelPrefix.MatchString(f.Accel):
		return fmt.Errorf("--accel: %q is not a URL path; example: /cache/", f.Accel)
	case f.SendfileHeader != "" && !sendfileHeader.MatchString(f.SendfileHeader):
		return fmt.Errorf("--sendfile-header: %q is not a header name that begins with X-; example: X-Sendfile", f.SendfileHeader)
	case f.HotAfter < 0 || f.HotAfter > api.MaxHotAfter:
		return fmt.Errorf("--hot-after: must be from 0 to %d", api.MaxHotAfter)
	case f.HotWindow < time.Second:
		return errors.New("--hot-window: must be a second or more")
	case f.HotAfter == 0 && f.HotHeader.Name != "":
		return errors.New("--hot-header: nothing is hot: give --hot-after, too")
	case len(f.PurgeURL) > 0 && len(f.TagHeader) == 0:
		return errors.New("--purge-url: no response bears a tag: give --tag-header, too")
	case slices.Contains(f.TagHeader, api.TagHeader(f.HotHeader.Name)):
		return errors.New("--tag-header: must not be that of --hot-header")
	}
	return nil
}

// usesSendfile reports that a server in front sends what is on disk.
func (f *proxyFlags) usesSendfile() bool { return f.Accel != "" || f.SendfileHeader != "" }

// sendFile is what --accel or --sendfile-header mean for a cache directory.
func (f *proxyFlags) sendFile(cacheDir string) (api.SendFile, error) {
	switch {
	case f.Accel != "":
		return api.SendFile{Header: api.AccelHeader, Prefix: strings.TrimRight(f.Accel, "/") + "/"}, nil
	case f.SendfileHeader != "":
		dir, err := filepath.Abs(cacheDir)
		if err != nil {
			return api.SendFile{}, usage(fmt.Errorf("--cache: %w", err))
		}
		// lighttpd and mod_xsendfile take the value percent-decoded.
		escaped := (&url.URL{Path: dir}).EscapedPath()
		return api.SendFile{Header: http.CanonicalHeaderKey(f.SendfileHeader), Prefix: strings.TrimRight(escaped, "/") + "/"}, nil
	}
	return api.SendFile{}, nil
}

// sendfileGOGC is the GOGC of a server that sends no bodies.
const sendfileGOGC = 400

// setGOGC lets the heap grow further before it is collected. Without bodies and a
// memory cache it has a few MiB: it would be collected 40 times a second under load,
// for a twentieth of all CPU.
func (f *proxyFlags) setGOGC() {
	if os.Getenv("GOGC") == "" && f.usesSendfile() {
		debug.SetGCPercent(sendfileGOGC)
	}
}
