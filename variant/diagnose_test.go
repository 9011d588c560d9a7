package variant_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	. "github.com/thumbery/thumbery/variant"
)

// TestDiagnose: each usual mistake is recognised, and a signature of anything else is not.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	const secret, other = "an-example-secret", "68656c6c6f20776f726c6421212121212121"
	keys := &Keyring{}
	for _, k := range []string{"k1:" + secret, "k2:" + other} {
		if err := keys.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	sum := func(secret, text string) []byte {
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	mac := func(secret, text string) string {
		return base64.RawURLEncoding.EncodeToString(sum(secret, text))
	}
	decoded, _ := hex.DecodeString(other)
	const path = "/300x200,f_auto/a b.jpg"
	presets := Presets{}
	if err := presets.Add("thumb=32x32"); err != nil {
		t.Fatal(err)
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	right := mac(secret, path)
	alike := right[:42] + alphabet[strings.IndexByte(alphabet, right[42])+1:][:1] // of its bits, two do not count
	for _, tt := range []struct{ path, fault string }{
		{"/s.k1." + mac(secret, path) + path, ""},
		{"/s.k2." + mac(secret, path) + path, "it is of the key k1, and says k2"},
		{"/s.k9." + mac(secret, path) + path, "it is of the key k1, and says k9"},
		{"/s.k9." + mac("something else", path) + path, "there is no key with the id k9"},
		{"/s.k1." + mac("something else", path) + path, "it is of another text or another secret"},
		{"/s.k1." + mac(secret, path)[:32] + path, "it was cut short"},
		{"/s.k1." + mac(secret, path)[:21] + path, "it is of another text or another secret"},
		{"/s.k1." + mac(secret, "/300x200,f_auto/a%20b.jpg") + path, "percent-encoded before it was signed"},
		{"/s.k1." + mac(secret, "/300x200,f_auto/a+b.jpg") + path, "percent-encoded before it was signed"},
		{"/s.k1." + mac(secret, "/f_auto,300x200/a b.jpg") + "/f_auto,300x200/a b.jpg", ""},
		{"/s.k1." + mac(secret, path) + "/f_auto,300x200/a b.jpg", "in another spelling"},
		{"/s.k1." + mac(secret, "/300x200/a b.jpg") + path, "it is for other options: 300x200"},
		{"/s.k1." + mac(secret, path+"\n") + path, "a newline at the end was signed"},
		{"/s.k1." + mac(secret+"\n", path) + path, "the secret had a newline"},
		{"/s.k1." + mac(secret, path[1:]) + path, "the slash at the start was not signed"},
		{"/s.k2." + mac(string(decoded), path) + path, "decoded from hexadecimal"},
		{"/s.k1." + hex.EncodeToString(sum(secret, path)) + path, "in hexadecimal instead of base64"},
		{"/s.k1." + base64.URLEncoding.EncodeToString(sum(secret, path)) + path, "no padding"},
		{"/s.k1." + base64.StdEncoding.EncodeToString(sum(secret, "/64x/c.jpg")) + "/64x/c.jpg", "base64 has - and _"},
		{"/s.k1." + mac(secret, path) + ".1999999999" + path, "the expiry was added after signing"},
		{"/s.k1." + mac(secret, "/a b.jpg") + "~presets" + path, "it is of another text"},
		{"/s.k1." + mac(secret, path) + "~presets" + path, "the scope was added after signing"},
		{"/s.k1." + strings.ToLower(right) + path, "the case of its letters was changed"},
		{"/s.k1." + alike + path, "its last character is another one"},
		{"/s.k1." + right + "/300x200,f_auto/a%20b.jpg", "percent-encoded twice"},
		{"/s.k1." + mac(secret, "/64x/cat.jpg") + "/64x/Cat.JPG", "the key was signed in lower case"},
		{"/s.k1." + mac(secret, "a b.jpg") + path, "the key was signed without the options"},
		{"/s.k1." + mac(secret, "/thumb/a b.jpg") + path, "it is for other options: thumb"},
		{path, ""},
	} {
		s := keys.Diagnose(tt.path, presets)
		if tt.fault == "" && s.Fault != "" || !strings.Contains(s.Fault, tt.fault) {
			t.Errorf("%s: %+v, want %q", tt.path, s, tt.fault)
		}
		if at := s.Differs(); at >= 0 && (s.Signed[:at] != s.Message[:at] || s.Signed == s.Message) {
			t.Errorf("%s: %q and %q differ from %d on", tt.path, s.Signed, s.Message, at)
		}
	}
}

// FuzzDiagnose: what is told of a signature is never the secret, nor a signature that is valid.
func FuzzDiagnose(f *testing.F) {
	keys := &Keyring{}
	if err := keys.Add("k1:an-example-secret"); err != nil {
		f.Fatal(err)
	}
	for _, path := range []string{"/s.k1.AAAA/300x/cat.jpg", "/300x/cat.jpg", "/s.k1." + strings.Repeat("A", 43) + "=/300x/cat.jpg", "/s.k1.A.1~presets/300x/cat.jpg"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		s := keys.Diagnose(path, Presets{})
		told := s.Message + s.Signed + s.Fault + s.Signer
		if strings.Contains(told, "an-example-secret") && !strings.Contains(path, "an-example-secret") {
			t.Errorf("%q: %+v", path, s)
		}
		if p, err := ParsePath(path); err == nil && s.Message != "" {
			right := keys.Sign(Path{Ops: p.Ops, Key: p.Key}, p.Signature.ExpiresAt()).Signature.MAC
			if strings.Contains(told, right) && !strings.Contains(path, right) {
				t.Errorf("%q tells a signature: %+v", path, s)
			}
		}
	})
}

// TestDiagnoseWithoutKeys: without keys nothing is wrong with a signature.
func TestDiagnoseWithoutKeys(t *testing.T) {
	t.Parallel()
	for _, mac := range []string{strings.Repeat("A", 43), strings.Repeat("A", 43) + "="} {
		for _, keys := range []*Keyring{nil, {}} {
			if s := keys.Diagnose("/s.k1."+mac+"/300x/cat.jpg", nil); s.Fault != "" {
				t.Errorf("%s: %+v", mac, s)
			}
		}
	}
}
