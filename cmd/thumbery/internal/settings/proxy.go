package settings

import (
	"errors"
	"fmt"
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
	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/invalidation/frontcache"
)

// ProxyFlags are about what is in front of the server: browsers, caches, and servers
// that send files by themselves.
type ProxyFlags struct {
	MaxAge time.Duration `min:"0s" default:"720h" help:"How long browsers and proxies may cache a picture."`
	CORS   string        `name:"cors" placeholder:"ORIGIN" help:"Access-Control-Allow-Origin of every response, for example *."`

	Accel          string `placeholder:"/PREFIX" xor:"sendfile" help:"Let nginx send what is on disk: respond with X-Accel-Redirect to this internal location, for example /cache/."`
	SendfileHeader string `placeholder:"HEADER" xor:"sendfile" help:"Let lighttpd or Apache send what is on disk: respond with this header, for example X-Sendfile, and the path of the file."`

	TagHeader []api.TagHeader `placeholder:"NAME" sep:" " help:"Header that names the picture in every response about one, by which caches in front can purge all its variants: Cache-Tag (Cloudflare), Surrogate-Key (Fastly) or xkey (Varnish). Repeatable."`

	PurgeURL []frontcache.List `placeholder:"URL" sep:" " help:"Cache in front that is told which pictures were forgotten, by their tags: http://HOST:PORT/ for Varnish with a file of deploy/purge, or file:PATH for any other, such as deploy/purge/cloudflare.toml. Repeatable."`

	HotAfter  int           `default:"0" help:"A derivative that is requested more often than this within --hot-window, for example 20, is hot: it is kept in memory, and --hot-header is sent. 0 is never."`
	HotWindow time.Duration `min:"1s" default:"1m" help:"The time in which --hot-after counts."`
	HotHeader api.HotHeader `placeholder:"NAME:VALUE" help:"Header that tells a cache in front to keep what is hot, and by its opposite value to keep nothing else: for example 'X-Accel-Expires: 3600' for nginx, 'Surrogate-Control: max-age=3600' for Varnish. See deploy/nginx-cache.conf and deploy/varnish.vcl."`
}

var (
	corsOrigin  = regexp.MustCompile(`^(|\*|null|[a-z][a-z0-9+.-]*://[^/?#\s]+)$`)
	accelPrefix = regexp.MustCompile(`^(|(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?)$`)
	// sendfileHeader keeps a slip from replacing a header that means something else.
	sendfileHeader = regexp.MustCompile(`^[Xx]-[A-Za-z0-9-]{1,60}$`)
)

// Validate refuses what is no header, path or origin, and flags that contradict each other.
func (f *ProxyFlags) Validate() error {
	switch {
	case !corsOrigin.MatchString(f.CORS):
		return fmt.Errorf("--cors: %q is neither * nor an origin such as https://example.com", f.CORS)
	case !accelPrefix.MatchString(f.Accel):
		return fmt.Errorf("--accel: %q is not a URL path; example: /cache/", f.Accel)
	case f.SendfileHeader != "" && !sendfileHeader.MatchString(f.SendfileHeader):
		return fmt.Errorf("--sendfile-header: %q is not a header name that begins with X-; example: X-Sendfile", f.SendfileHeader)
	case f.HotAfter < 0 || f.HotAfter > api.MaxHotAfter:
		return fmt.Errorf("--hot-after: must be from 0 to %d", api.MaxHotAfter)
	case f.HotAfter == 0 && f.HotHeader.Name != "":
		return errors.New("--hot-header: nothing is hot: give --hot-after, too")
	case len(f.PurgeURL) > 0 && len(f.TagHeader) == 0:
		return errors.New("--purge-url: no response bears a tag: give --tag-header, too")
	case slices.Contains(f.TagHeader, api.TagHeader(f.HotHeader.Name)):
		return errors.New("--tag-header: must not be that of --hot-header")
	}
	return nil
}

// UsesSendfile reports that a server in front sends what is on disk.
func (f *ProxyFlags) UsesSendfile() bool { return f.Accel != "" || f.SendfileHeader != "" }

// SendFile is what --accel or --sendfile-header mean for a cache directory; the zero value
// without both.
func (f *ProxyFlags) SendFile(cacheDir string) (api.SendFile, error) {
	switch {
	case f.Accel != "":
		return api.SendFile{Header: api.AccelHeader, Prefix: strings.TrimRight(f.Accel, "/") + "/"}, nil
	case f.SendfileHeader != "":
		dir, err := filepath.Abs(cacheDir)
		if err != nil {
			return api.SendFile{}, exit.Usage(fmt.Errorf("--cache: %w", err))
		}
		// lighttpd and mod_xsendfile take the value percent-decoded.
		escaped := (&url.URL{Path: dir}).EscapedPath()
		return api.SendFile{Header: http.CanonicalHeaderKey(f.SendfileHeader), Prefix: strings.TrimRight(escaped, "/") + "/"}, nil
	}
	return api.SendFile{}, nil
}

// sendfileGOGC is the GOGC of a server that sends no bodies.
const sendfileGOGC = 400

// SetGOGC lets the heap grow further before it is collected. Without bodies and a
// memory cache it has a few MiB: it would be collected 40 times a second under load,
// for a twentieth of all CPU.
func (f *ProxyFlags) SetGOGC() {
	if os.Getenv("GOGC") == "" && f.UsesSendfile() {
		debug.SetGCPercent(sendfileGOGC)
	}
}
