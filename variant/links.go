package variant

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Links makes the URLs of pictures, for templates. The zero value makes paths
// without a host. It is safe for use by several goroutines if Keyring and
// Presets are not changed any more.
type Links struct {
	// Base is put before every path, such as "https://img.example.com".
	Base string
	// Hosts, if any, replace Base. All sizes of a picture have the same host, and
	// pictures are spread evenly over the hosts. Another host takes over some pictures;
	// the others stay where they are. Each is a name
	// ("img1.example.com", reached by https) or begins with a scheme or "//".
	Hosts []string
	// Keyring signs, if it has a key.
	Keyring *Keyring
	// Presets are those of the server.
	Presets Presets
	// Expires is how long a signed URL is valid; 0 is for ever. With it, every call
	// returns another URL, which browsers have not cached.
	Expires time.Duration
	// Scope, if there is one, is signed in place of the options, so that in URLs a browser
	// may replace these by any others within it.
	Scope Scope
	// Now is time.Now if it is nil.
	Now func() time.Time
}

// URL returns the URL of a picture with the canonical spelling of ops, in which preset
// names stay. It returns an *Error of kind ErrOptions, ErrKey or ErrForbidden (outside the
// Scope) for what the server would refuse.
func (l Links) URL(ops, key string) (string, error) {
	o, err := l.Presets.Parse(ops)
	if err != nil {
		return "", err
	}
	k, err := ParseKey(key)
	if err != nil {
		return "", err
	}
	if !l.Scope.covers(o.Canonical, o) {
		return "", forbidden(fmt.Sprintf("the options %s are outside the scope %s", o.Canonical, l.Scope))
	}
	p, err := l.sign(Path{Ops: o.Canonical, Key: k})
	if err != nil {
		return "", err
	}
	return l.host(k) + p.String(), nil
}

// Source returns the signature for the Scope and the key, "s.KID.SIG~SCOPE/KEY", of which
// clients/js makes URLs in a browser. It returns an *Error of kind ErrKey, or of kind
// ErrForbidden if there is no Scope or no key to sign with.
func (l Links) Source(key string) (string, error) {
	k, err := ParseKey(key)
	if err == nil && (l.Scope == "" || l.Keyring.Empty()) {
		err = forbidden("without a scope, each URL is signed by itself")
	}
	if err != nil {
		return "", err
	}
	p, err := l.sign(Path{Key: k})
	if err != nil {
		return "", err
	}
	return p.Signature.String() + "/" + key, nil
}

func (l Links) sign(p Path) (Path, error) {
	if l.Scope != "" {
		if _, err := ParseScope(string(l.Scope)); err != nil {
			return Path{}, err
		}
	}
	return l.Keyring.SignScope(p, l.Scope, l.expiry()), nil
}

// FuncMap is for text/template and html/template: {{picture "300x200" .Key}},
// {{srcset "f_auto" .Key 320 640}}, {{densities "300x200" .Key 1.0 2.0}} and
// {{source .Key}}.
func (l Links) FuncMap() map[string]any {
	return map[string]any{"picture": l.URL, "srcset": l.Srcset, "densities": l.Densities, "source": l.Source}
}

func (l Links) expiry() time.Time {
	switch {
	case l.Expires == 0:
		return time.Time{}
	case l.Now == nil:
		return time.Now().Add(l.Expires)
	}
	return l.Now().Add(l.Expires)
}

// host picks by rendezvous hashing: the host whose hash together with the key
// is the greatest (Thaler and Ravishankar, 1998).
func (l Links) host(k Key) string {
	best, bestScore := l.Base, uint64(0)
	for i, host := range l.Hosts {
		sum := sha256.Sum256([]byte(host + "\x00" + string(k)))
		if score := binary.BigEndian.Uint64(sum[:]); i == 0 || score > bestScore {
			best, bestScore = host, score
		}
	}
	if len(l.Hosts) > 0 && !strings.Contains(best, "//") {
		best = "https://" + best
	}
	return strings.TrimSuffix(best, "/")
}
