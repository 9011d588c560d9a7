package peers

import (
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
	name   string // to be resolved, or ""
	scheme string
	port   string
	list   []string // base URLs, without a slash at the end
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
		dns, resolve := strings.CutPrefix(one, "dns+")
		u, err := parseBase(dns)
		switch {
		case err != nil:
			return Source{}, fmt.Errorf("%q: %w", one[strings.LastIndex(one, "@")+1:], err) // without a password
		case resolve && strings.TrimSpace(strings.Trim(text, ", ")) != one:
			return Source{}, fmt.Errorf("%q must be alone", one)
		case resolve:
			return Source{name: u.Hostname(), scheme: u.Scheme, port: portOf(u)}, nil
		}
		s.list = append(s.list, u.String())
	}
	if len(s.list) > maxPeers {
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

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// IsZero reports that there are no peers.
func (s Source) IsZero() bool { return s.name == "" && len(s.list) == 0 }

// resolve returns the base URLs of all peers, in order.
func (s Source) resolve(ctx context.Context, lookUp func(ctx context.Context, network, host string) ([]netip.Addr, error)) ([]string, error) {
	if s.name == "" {
		return s.list, nil
	}
	addresses, err := lookUp(ctx, "ip", s.name)
	if err != nil {
		return nil, err
	}
	all := make([]string, 0, len(addresses))
	for _, a := range addresses {
		all = append(all, s.scheme+"://"+net.JoinHostPort(a.Unmap().String(), s.port))
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
