package variant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Signature is the first segment of a signed path, "s.<kid>.<sig>[.<exp>][~<scope>]".
// None of its parts is in a derivative's name.
type Signature struct {
	KeyID   string
	MAC     string // base64url without padding of HMAC-SHA256
	Expires string // seconds since 1970 in decimal; "" for never
	Scope   Scope  // "" if the MAC covers the options themselves
}

// String is the segment.
func (s Signature) String() string {
	segment := "s." + s.KeyID + "." + s.MAC
	if s.Expires != "" {
		segment += "." + s.Expires
	}
	if s.Scope != "" {
		segment += scopeMark + string(s.Scope)
	}
	return segment
}

// looksSigned tells signatures from options, of which none begins like that.
func looksSigned(segment string) bool { return strings.HasPrefix(segment, "s.") }

func parseSignature(segment string) (s Signature, err error) {
	segment, scope, scoped := strings.Cut(segment, scopeMark)
	parts := strings.Split(segment, ".")
	malformed := len(parts) < 3 || len(parts) > 4 || len(segment) > 256 ||
		!isName(parts[1]) || parts[2] == "" || strings.ContainsFunc(segment, notInSignature)
	if malformed {
		return Signature{}, &Error{Kind: ErrOptions, Reason: "the signature is not of the form s.KEYID.SIGNATURE or s.KEYID.SIGNATURE.EXPIRES, with ~SCOPE or without"}
	}
	s = Signature{KeyID: parts[1], MAC: parts[2]}
	if scoped {
		if s.Scope, err = ParseScope(scope); err != nil {
			return Signature{}, err
		}
	}
	if len(parts) == 4 {
		s.Expires = parts[3]
		if _, err := s.expiry(); err != nil || s.Expires == "" {
			return Signature{}, &Error{Kind: ErrOptions, Reason: "the signature's expiry is not a number of seconds since 1970"}
		}
	}
	return s, nil
}

// notInSignature reports a character outside base64url and the separator.
func notInSignature(r rune) bool {
	return notInGrammar(r) && (r < 'A' || r > 'Z')
}

func (s Signature) expiry() (time.Time, error) {
	if s.Expires == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseUint(s.Expires, 10, 40)
	return time.Unix(int64(seconds), 0), err
}

// Keyring holds the keys that URLs are signed with. The first one signs, all
// are accepted, so that keys can be rotated. It is written once, before use.
type Keyring struct{ keys []signingKey }

type signingKey struct {
	id     string
	secret []byte
}

// minSecretBytes keeps out secrets that can be guessed.
const minSecretBytes = 16

// Add reads "KID:SECRET" and adds the key. The id is of [a-z0-9-], the secret
// at least 16 bytes, used as they are. Errors never contain the secret.
func (k *Keyring) Add(s string) error {
	id, secret, ok := strings.Cut(s, ":")
	switch {
	case !ok:
		return fmt.Errorf("a key must be of the form KID:SECRET")
	case !isName(id):
		return fmt.Errorf("the key id %q must be of a-z, 0-9 and \"-\"", id)
	case len(secret) < minSecretBytes:
		return fmt.Errorf("the secret of key %q must have at least %d bytes", id, minSecretBytes)
	case k.find(id) != nil:
		return fmt.Errorf("the key id %q is given twice", id)
	}
	k.keys = append(k.keys, signingKey{id, []byte(secret)})
	return nil
}

// Empty reports that there are no keys, so that nothing is signed and every
// URL is permitted. A nil Keyring is empty.
func (k *Keyring) Empty() bool { return k == nil || len(k.keys) == 0 }

func (k *Keyring) find(id string) *signingKey {
	if k == nil {
		return nil
	}
	for i := range k.keys {
		if k.keys[i].id == id {
			return &k.keys[i]
		}
	}
	return nil
}

// Sign returns p signed with the first key. A zero expires never expires; it is
// rounded up to a whole second. An empty Keyring returns p without a signature.
func (k *Keyring) Sign(p Path, expires time.Time) Path { return k.SignScope(p, "", expires) }

// SignScope is Sign for all options within s at once: in the path that it returns, the
// options may be replaced by any others that s permits. The empty scope permits only those
// of p.
func (k *Keyring) SignScope(p Path, s Scope, expires time.Time) Path {
	p.Signature = Signature{}
	if k.Empty() {
		return p
	}
	key := k.keys[0]
	p.Signature.Scope = s
	if !expires.IsZero() {
		p.Signature.Expires = strconv.FormatInt(expires.Add(time.Second-1).Unix(), 10)
	}
	p.Signature.KeyID = key.id
	p.Signature.MAC = key.mac(p)
	return p
}

// mac is base64url(HMAC-SHA256(secret, p.message())).
func (s *signingKey) mac(p Path) string {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte(p.message()))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// message is what the signature of p covers: expires + "/" + ops + "/" + key, or
// expires + "~" + scope + "/" + key, with expires as it stands in the path, or "" where it
// has none. As expires is of digits, the first other character tells the two apart.
func (p Path) message() string {
	if p.Signature.Scope != "" {
		return p.Signature.Expires + scopeMark + string(p.Signature.Scope) + "/" + string(p.Key)
	}
	return p.Signature.Expires + "/" + p.Ops + "/" + string(p.Key)
}

// Verify returns when p expires, zero for never, or an *Error of kind ErrForbidden: p is
// not signed by one of the keys, has expired, or its options are outside the scope that
// was signed. o are the options of p, and l what the server serves; whether that permits
// o, Limits.Permit says. An empty Keyring permits everything.
func (k *Keyring) Verify(p Path, o Ops, l Limits, now time.Time) (expires time.Time, err error) {
	if k.Empty() {
		return time.Time{}, nil
	}
	if p.Signature == (Signature{}) {
		return time.Time{}, forbidden("this URL must be signed")
	}
	key := k.find(p.Signature.KeyID)
	// Strings are compared, not decoded bytes: base64 has several spellings of
	// the last character, and only one of them is ours.
	if key == nil || !hmac.Equal([]byte(key.mac(p)), []byte(p.Signature.MAC)) {
		return time.Time{}, forbidden("the signature does not fit this URL")
	}
	expires, err = p.Signature.expiry()
	if err != nil || !expires.IsZero() && !now.Before(expires) {
		return time.Time{}, forbidden("this URL has expired")
	}
	return expires, p.Signature.Scope.permit(p.Ops, o, l)
}

func forbidden(reason string) error { return &Error{Kind: ErrForbidden, Reason: reason} }
