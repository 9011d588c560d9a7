package peers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Source says where the admin listeners of the other nodes are. The zero value has none.
type Source struct {
	dns  *url.URL // whose host is to be resolved, or nil
	list []string // base URLs, without a slash at the end
}

// maxPeers bounds the peers: each costs a connection and two goroutines.
const maxPeers = 256

// Parse parses dns+http://NAME:PORT or dns+https://NAME:PORT, which is every address of a
// host name, or base URLs separated by commas. This node may be among them.
func Parse(text string) (s Source, err error) {
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		base, isDNS := strings.CutPrefix(one, "dns+")
		u, err := parseBase(base)
		if err != nil {
			return Source{}, fmt.Errorf("%q: %w", one[strings.LastIndex(one, "@")+1:], err) // without a password
		}
		if isDNS {
			s.dns = u
		}
		s.list = append(s.list, u.String())
	}
	switch {
	case s.dns != nil && len(s.list) > 1:
		return Source{}, fmt.Errorf("%q must be alone", "dns+"+s.dns.String())
	case len(s.list) > maxPeers:
		return Source{}, fmt.Errorf("there are %d, the limit is %d", len(s.list), maxPeers)
	}
	slices.Sort(s.list)
	s.list = slices.Compact(s.list)
	return s, nil
}

var errBase = errors.New("is not of the form http://HOST:PORT")

func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, errBase
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errBase
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// resolve returns the base URLs of all peers, in order.
func (s Source) resolve(ctx context.Context, lookUp func(ctx context.Context, network, host string) ([]netip.Addr, error)) ([]string, error) {
	if s.dns == nil {
		return s.list, nil
	}
	addresses, err := lookUp(ctx, "ip", s.dns.Hostname())
	if err != nil {
		return nil, err
	}
	port := cmp.Or(s.dns.Port(), map[string]string{"http": "80", "https": "443"}[s.dns.Scheme])
	all := make([]string, 0, len(addresses))
	for _, a := range addresses {
		all = append(all, s.dns.Scheme+"://"+net.JoinHostPort(a.Unmap().String(), port))
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
