package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// IsOwnHost reports that a request is for an address, localhost or one of names, which are in
// lower case, or that no browser has sent it: it came through a Unix socket, or as HTTP/1.0
// without a Host. By DNS rebinding, the page of an attacker could reach a listener under the
// attacker's host name, and so from the same origin.
func IsOwnHost(r *http.Request, names ...string) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return true
	}
	if r.Host == "" {
		return !r.ProtoAtLeast(1, 1)
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || slices.Contains(names, host)
}

var crossOrigins = http.NewCrossOriginProtection()

// IsCrossOrigin reports that a page of another origin has sent a request, of any method.
func IsCrossOrigin(r *http.Request) bool {
	post := *r
	post.Method = http.MethodPost // as it lets GET pass
	return crossOrigins.Check(&post) != nil
}
