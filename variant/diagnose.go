package variant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Signing describes what is wrong with the signature of a path, for who runs the server. It
// holds no secret and no valid signature.
type Signing struct {
	// Message is the text that the signature has to cover, "" if the path cannot be parsed.
	Message string
	// Signed is the text that it does cover, as far as that was found out; "" if it was not.
	Signed string
	// Signer is the id of the key that has signed Signed.
	Signer string
	// Fault says what is wrong with the signature; "" if nothing is, or it is not known.
	Fault string
}

// Differs is the index of the first byte in which Signed and Message differ, -1 if none is
// known.
func (s Signing) Differs() int {
	if s.Signed == "" || s.Signed == s.Message {
		return -1
	}
	i := 0
	for i < min(len(s.Signed), len(s.Message)) && s.Signed[i] == s.Message[i] {
		i++
	}
	return i
}

// KeyIDs returns the ids of the keys. The first one signs.
func (k *Keyring) KeyIDs() (ids []string) {
	if k == nil {
		return nil
	}
	for _, key := range k.keys {
		ids = append(ids, key.id)
	}
	return ids
}

// Diagnose finds out what a signature covers that Verify refuses, by trying the usual
// mistakes: another key, spelling, encoding, or other options. path is percent-decoded, as
// for ParsePath. It computes a few hundred MACs for each key at most.
func (k *Keyring) Diagnose(path string, presets Presets) Signing {
	p, err := ParsePath(path)
	if respelled, ok := respelledMAC(path); ok && !k.Empty() {
		if s := (Signing{Message: respelled.message()}); k.tryAll(&s, respelled, presets) {
			s.Fault = join("base64 has - and _ instead of + and /, and no padding, in signatures", s.Fault)
			return s
		}
	}
	s := Signing{}
	if err == nil {
		s.Message = p.message()
	}
	if err != nil || p.Signature == (Signature{}) || k.Empty() || k.tryAll(&s, p, presets) {
		return s
	}
	s.Fault = "it is of another text or another secret"
	if k.find(p.Signature.KeyID) == nil {
		s.Fault = "there is no key with the id " + p.Signature.KeyID
	}
	return s
}

// signedStart is the beginning of a signed path, with a MAC in any base64.
var signedStart = regexp.MustCompile(`^/s\.[a-z0-9-]+\.([A-Za-z0-9+/_-]{43}=*)`)

// respelledMAC parses a path whose signature is in another base64 than that of URLs. ok is
// false if it is not.
func respelledMAC(path string) (p Path, ok bool) {
	at := signedStart.FindStringSubmatchIndex(path)
	if at == nil {
		return Path{}, false
	}
	mac := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(path[at[2]:at[3]])
	respelled := path[:at[2]] + mac + path[at[3]:]
	p, err := ParsePath(respelled)
	return p, err == nil && respelled != path
}

// attempt is a text, or a secret, that may have been used by mistake.
type attempt struct{ signed, fault string }

// tryAll looks for the key and the text that give the MAC of p, and reports whether it has
// found them.
func (k *Keyring) tryAll(s *Signing, p Path, presets Presets) bool {
	texts := p.mistakes(presets)
	for _, key := range k.keys {
		for _, secret := range key.mistakes() {
			for _, t := range texts {
				form, ok := fits(secret.signed, t.signed, p.Signature.MAC)
				if !ok {
					continue
				}
				s.Signed, s.Signer, s.Fault = t.signed, key.id, join(form, t.fault, secret.fault)
				if key.id != p.Signature.KeyID {
					s.Fault = join("it is of the key "+key.id+", and says "+p.Signature.KeyID, s.Fault)
				}
				return true
			}
		}
	}
	return false
}

// mistakes are ways to use a secret, the right one first.
func (s *signingKey) mistakes() []attempt {
	all := []attempt{{string(s.secret), ""}, {string(s.secret) + "\n", "the secret had a newline at its end"}}
	if raw, err := hex.DecodeString(string(s.secret)); err == nil {
		all = append(all, attempt{string(raw), "the secret was decoded from hexadecimal, and is to be used as it is written"})
	}
	if raw, err := base64.StdEncoding.DecodeString(string(s.secret)); err == nil {
		all = append(all, attempt{string(raw), "the secret was decoded from base64, and is to be used as it is written"})
	}
	return all
}

// mistakes are the texts that may have been signed for p, the right one first.
func (p Path) mistakes(presets Presets) []attempt {
	all := []attempt{{p.message(), ""}}
	add := func(fault string, change func(*Path)) {
		other := p
		change(&other)
		all = append(all, attempt{other.message(), fault})
	}
	add("the expiry was added after signing", func(q *Path) { q.Signature.Expires = "" })
	add("the scope was added after signing", func(q *Path) { q.Signature.Scope = "" })
	if o, err := presets.Parse(p.Ops); err == nil {
		add("the options were signed in another spelling", func(q *Path) { q.Ops = o.Canonical })
	}
	for _, ops := range p.otherOps(presets) {
		add("it is for other options: "+ops, func(q *Path) { q.Ops = ops })
	}
	escaped := strings.ReplaceAll(url.PathEscape(string(p.Key)), "%2F", "/")
	add("the path was percent-encoded before it was signed", func(q *Path) { q.Key = Key(escaped) })
	add("the path was percent-encoded before it was signed", func(q *Path) {
		q.Key = Key(strings.ReplaceAll(url.QueryEscape(string(p.Key)), "%2F", "/"))
	})
	if key, err := url.PathUnescape(string(p.Key)); err == nil {
		add("the URL was percent-encoded twice", func(q *Path) { q.Key = Key(key) })
	}
	add("the key was signed in lower case", func(q *Path) { q.Key = Key(strings.ToLower(string(p.Key))) })
	all = append(all, attempt{p.message() + "\n", "a newline at the end was signed, too, as echo adds one"})
	return append(all,
		attempt{strings.TrimPrefix(p.message(), "/"), "the slash at the start was not signed"},
		attempt{string(p.Key), "the key was signed without the options"})
}

// maxOtherOps bounds otherOps.
const maxOtherOps = 64

// otherOps are options like those of p, one of which was changed after signing.
func (p Path) otherOps(presets Presets) (all []string) {
	given := strings.SplitN(p.Ops, ",", maxOtherOps/2)
	for i := range given {
		all = append(all, strings.Join(slices.Delete(slices.Clone(given), i, i+1), ","))
	}
	for _, more := range []string{"f_auto", "dpr_2", "f_webp", "f_avif", "f_jpeg"} {
		all = append(all, p.Ops+","+more)
	}
	names := slices.Sorted(maps.Keys(presets))
	return append(all, names[:min(len(names), maxOtherOps-len(all))]...)
}

// leastCut is the least part of a MAC that is recognised, in characters of base64: 132 bits
// cannot be guessed one after the other.
const leastCut = 22

// fits reports whether mac is that of a text in some spelling, and in which if it is not the
// right one.
func fits(secret, message, mac string) (form string, ok bool) {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(message))
	sum := h.Sum(nil)
	right := base64.RawURLEncoding.EncodeToString(sum)
	switch {
	case mac == right:
		return "", true
	case strings.EqualFold(mac, hex.EncodeToString(sum)):
		return "it is in hexadecimal instead of base64", true
	case len(mac) >= leastCut && strings.HasPrefix(right, mac):
		return "it was cut short", true
	case strings.EqualFold(mac, right):
		return "the case of its letters was changed", true
	}
	raw, err := base64.RawURLEncoding.DecodeString(mac)
	return "its last character is another one than encoders write", err == nil && hmac.Equal(raw, sum)
}

func join(faults ...string) string {
	return strings.Join(slices.DeleteFunc(faults, func(s string) bool { return s == "" }), "; ")
}

// ExpiresAt is when the signature expires; zero for never.
func (s Signature) ExpiresAt() time.Time {
	expires, _ := s.expiry() // parsed before
	return expires
}
