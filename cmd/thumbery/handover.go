package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/thumbery/thumbery/api"
)

// handOverHeader keeps slips from taking the place of a header that means
// something else.
var handOverHeader = regexp.MustCompile(`^[Xx]-[A-Za-z0-9-]{1,60}$`)

// handOver is what --accel or --sendfile-header mean; kong sees to it that only
// one is given.
func (c *serveCmd) handOver() (api.SendFile, error) {
	switch {
	case c.Accel != "":
		if !strings.HasPrefix(c.Accel, "/") {
			return api.SendFile{}, usage(fmt.Errorf("--accel: %q does not begin with a slash", c.Accel))
		}
		return api.SendFile{Header: api.AccelHeader, Prefix: strings.TrimRight(c.Accel, "/") + "/"}, nil
	case c.SendfileHeader != "":
		if !handOverHeader.MatchString(c.SendfileHeader) {
			return api.SendFile{}, usage(fmt.Errorf("--sendfile-header: %q is no header such as X-Sendfile", c.SendfileHeader))
		}
		dir, err := filepath.Abs(c.Cache)
		if err != nil {
			return api.SendFile{}, usage(fmt.Errorf("--cache: %w", err))
		}
		// lighttpd and mod_xsendfile take the value percent-decoded.
		escaped := (&url.URL{Path: dir}).EscapedPath()
		return api.SendFile{Header: http.CanonicalHeaderKey(c.SendfileHeader), Prefix: strings.TrimRight(escaped, "/") + "/"}, nil
	}
	return api.SendFile{}, nil
}

// handOverGC is the GOGC of a server that hands over.
const handOverGC = 400

// relaxGC lets the heap grow further before it is collected. Where bodies are
// handed over there is no memory tier, and the heap is of a few MiB: it would be
// collected 40 times a second under load, for a twentieth of all CPU.
func (c *serveCmd) relaxGC() {
	if os.Getenv("GOGC") == "" && (c.Accel != "" || c.SendfileHeader != "") {
		debug.SetGCPercent(handOverGC)
	}
}
