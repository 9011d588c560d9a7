package variant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParsePath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path string
		want Path
	}{
		{"/300x200/photos/cat.jpg", Path{Ops: "300x200", Key: "photos/cat.jpg"}},
		{"/raw/cat.jpg", Path{Ops: "raw", Key: "cat.jpg"}},
		{"/s.a1.MAC-_/300x/cat.jpg", Path{Signature{"a1", "MAC-_", "", ""}, "300x", "cat.jpg"}},
		{"/s.a1.MAC.123/300x/cat.jpg", Path{Signature{"a1", "MAC", "123", ""}, "300x", "cat.jpg"}},
		{"/s.a1.MAC~sizes/300x/cat.jpg", Path{Signature{"a1", "MAC", "", ScopeSizes}, "300x", "cat.jpg"}},
		{"/s.a1.MAC.123~300x~600x,~dpr_2/300x/cat.jpg", Path{Signature{"a1", "MAC", "123", "300x~600x,~dpr_2"}, "300x", "cat.jpg"}},
		{"/300x/s.a1.MAC/cat.jpg", Path{Ops: "300x", Key: "s.a1.MAC/cat.jpg"}},
	}
	for _, tt := range tests {
		got, err := ParsePath(tt.path)
		if err != nil || got != tt.want {
			t.Errorf("ParsePath(%q) = %+v, %v, want %+v", tt.path, got, err, tt.want)
		}
	}
	bad := map[string]error{
		"": ErrOptions, "300x/cat.jpg": ErrOptions, "/": ErrKey, "/300x200": ErrKey, "/300x200/": ErrKey,
		"/300x//cat.jpg": ErrKey, "/s.a.MAC": ErrKey, "/s.a1/300x/cat.jpg": ErrOptions,
		"/s..MAC/300x/c": ErrOptions, "/s.a.MAC.x/300x/c": ErrOptions, "/s.a.MAC./300x/c": ErrOptions,
		"/s.a.M.1.2/300x/c": ErrOptions, "/s.a.M C/300x/c": ErrOptions, "/s.a.M.99999999999999/300x/c": ErrOptions,
		"/s.a.M~/300x/c": ErrOptions, "/s.a.M.~sizes/300x/c": ErrOptions, "/s.a~sizes/300x/c": ErrOptions, "/s.a.M~300x,/300x/c": ErrOptions,
	}
	for path, kind := range bad {
		if got, err := ParsePath(path); !errors.Is(err, kind) {
			t.Errorf("ParsePath(%q) = %+v, %v, want kind %v", path, got, err, kind)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("/300x200/photos/cat.jpg")
	f.Add("/s.a1.MAC-_.123/300x/a b/ü%?#.jpg")
	f.Add("/s.a1.MAC-_.123~300x~600x,~dpr_2/300x/a~b/ü%?#.jpg")
	f.Fuzz(func(t *testing.T, path string) {
		p, err := ParsePath(path)
		if err != nil {
			return
		}
		if _, err := Parse(p.Ops); err != nil {
			return
		}
		u, err := url.Parse("http://host" + p.String())
		if err != nil {
			t.Fatalf("%q is no URL: %v", p.String(), err)
		}
		if again, err := ParsePath(u.Path); err != nil || again != p {
			t.Fatalf("ParsePath(%q) = %+v, but its URL gives %+v, %v", path, p, again, err)
		}
	})
}

// vectors is the file that other languages are checked against too.
type vectors struct {
	Comment string
	Secret  string
	KeyID   string
	Cases   []struct {
		Scope, Ops, Key, Expires string
		Message                  string // what is authenticated
		Path                     string // the whole path, percent-encoded
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	data, err := os.ReadFile("../testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil || len(v.Cases) < 5 {
		t.Fatalf("%d cases, %v", len(v.Cases), err)
	}
	return v
}

func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	var ring Keyring
	if err := ring.Add(v.KeyID + ":" + v.Secret); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Cases {
		// Made here by hand, as any other language would.
		mac := hmac.New(sha256.New, []byte(v.Secret))
		mac.Write([]byte(c.Message))
		byHand := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))

		u, err := url.Parse(c.Path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParsePath(u.Path)
		if err != nil || p.Ops != c.Ops || string(p.Key) != c.Key || p.Signature.Expires != c.Expires || string(p.Signature.Scope) != c.Scope {
			t.Errorf("ParsePath(%q) = %+v, %v", c.Path, p, err)
			continue
		}
		if p.Signature.MAC != byHand {
			t.Errorf("%s: the signature in the file is %s, by hand it is %s", c.Path, p.Signature.MAC, byHand)
		}
		if _, err := verify(ring, p, time.Unix(1_700_000_000, 0)); err != nil {
			t.Errorf("Verify(%s): %v", c.Path, err)
		}
		expires, _ := p.Signature.expiry()
		if signed := ring.SignScope(Path{Ops: c.Ops, Key: Key(c.Key)}, Scope(c.Scope), expires); signed.String() != c.Path {
			t.Errorf("Sign gives %s, want %s", signed, c.Path)
		}
	}
}

// verify is Verify for a server with the preset "thumb" and the sizes 300 and 600.
func verify(k Keyring, p Path, now time.Time) (time.Time, error) {
	o, err := Presets{"thumb": {Width: 300, Height: 200}}.Parse(p.Ops)
	if err != nil {
		return time.Time{}, err
	}
	return k.Verify(p, o, Limits{Sizes: []int{300, 600}}, now)
}

func TestVerify(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	var ring, other Keyring
	for _, k := range []string{"new:0123456789abcdef", "old:fedcba9876543210"} {
		if err := ring.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Add("old:fedcba9876543210"); err != nil {
		t.Fatal(err)
	}
	p := Path{Ops: "300x200", Key: "cat.jpg"}
	tests := []struct {
		name   string
		path   Path
		reason string
	}{
		{"signed by the first", ring.Sign(p, time.Time{}), ""},
		{"signed by an older", other.Sign(p, time.Time{}), ""},
		{"not yet expired", ring.Sign(p, now.Add(time.Second)), ""},
		{"expired", ring.Sign(p, now), "expired"},
		{"unsigned", p, "must be signed"},
		{"other options", with(ring.Sign(p, now.Add(time.Hour)), func(p *Path) { p.Ops = "301x200" }), "does not fit"},
		{"other key", with(ring.Sign(p, now.Add(time.Hour)), func(p *Path) { p.Key = "dog.jpg" }), "does not fit"},
		{"longer life", with(ring.Sign(p, now.Add(time.Hour)), func(p *Path) { p.Signature.Expires = "1800000000" }), "does not fit"},
		{"no expiry", with(ring.Sign(p, now.Add(time.Hour)), func(p *Path) { p.Signature.Expires = "" }), "does not fit"},
		{"other key id", with(ring.Sign(p, time.Time{}), func(p *Path) { p.Signature.KeyID = "old" }), "does not fit"},
		{"unknown key id", with(ring.Sign(p, time.Time{}), func(p *Path) { p.Signature.KeyID = "x" }), "does not fit"},
		{"within the scope", with(ring.SignScope(p, "300x200~300x400,~dpr_2", time.Time{}), func(p *Path) { p.Ops = "300x400,dpr_2" }), ""},
		{"another scope", with(ring.SignScope(p, "300x200~300x400,~dpr_2", time.Time{}), func(p *Path) { p.Signature.Scope = "300x200" }), "does not fit"},
		{"a scope with another key", with(ring.SignScope(p, "300x200", time.Time{}), func(p *Path) { p.Key = "dog.jpg" }), "does not fit"},
		{"a scope that lives longer", with(ring.SignScope(p, "300x200", now.Add(time.Hour)), func(p *Path) { p.Signature.Expires = "" }), "does not fit"},
		{"a scope that has expired", ring.SignScope(p, "300x200", now), "expired"},
		{"a scope without its mark", with(ring.SignScope(p, "300x200", time.Time{}), func(p *Path) { p.Signature.Scope = "" }), "does not fit"},
		{"a scope of a plain signature", with(ring.Sign(p, time.Time{}), func(p *Path) { p.Signature.Scope = "300x200" }), "does not fit"},
		{"outside the scope", with(ring.SignScope(p, "300x200~300x400,~dpr_2", time.Time{}), func(p *Path) { p.Ops = "300x300" }), "other options"},
	}
	for _, tt := range tests {
		_, err := verify(ring, tt.path, now)
		if tt.reason == "" && err != nil || tt.reason != "" && (!errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), tt.reason)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.reason)
		}
	}
	if _, err := verify(Keyring{}, p, now); err != nil {
		t.Errorf("an empty ring refuses: %v", err)
	}
	if expires, _ := verify(ring, ring.Sign(p, now.Add(time.Hour)), now); !expires.Equal(now.Add(time.Hour)) {
		t.Errorf("expires = %v", expires)
	}
}

// The last base64 character has spare bits: none but our spelling is taken.
func TestVerifyOneSpelling(t *testing.T) {
	t.Parallel()
	var ring Keyring
	if err := ring.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	p := ring.Sign(Path{Ops: "300x200", Key: "cat.jpg"}, time.Time{})
	accepted := 0
	for _, last := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		q := p
		q.Signature.MAC = p.Signature.MAC[:len(p.Signature.MAC)-1] + string(last)
		if _, err := verify(ring, q, time.Now()); err == nil {
			accepted++
		}
	}
	if accepted != 1 {
		t.Errorf("%d spellings of one signature are accepted", accepted)
	}
}

func with(p Path, change func(*Path)) Path {
	change(&p)
	return p
}

func TestKeyringAdd(t *testing.T) {
	t.Parallel()
	var ring Keyring
	for _, bad := range []string{"nosecret", ":0123456789abcdef", "A:0123456789abcdef", "a.b:0123456789abcdef", "a:short"} {
		err := ring.Add(bad)
		if err == nil {
			t.Errorf("Add(%q) succeeds", bad)
		} else if strings.Contains(err.Error(), "0123456789abcdef") || strings.Contains(err.Error(), "short") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	if err := ring.Add("a:0123456789abcdef:with:colons"); err != nil {
		t.Error(err)
	}
	if err := ring.Add("a:0123456789abcdef"); err == nil {
		t.Error("one id can be added twice")
	}
}
