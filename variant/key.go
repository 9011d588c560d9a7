package variant

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Key names an original at its origin: a slash-separated path such as
// "photos/cat.jpg", percent-decoded, without a leading slash. A value made by
// ParseKey is safe to give to a file system below a root and to S3.
type Key string

// MaxKeyBytes is the longest key, the limit of S3.
const MaxKeyBytes = 1024

// ParseKey checks s: 1 to MaxKeyBytes bytes of valid UTF-8, no control
// characters, no empty segment between slashes, and no "." or ".." between slashes
// or backslashes, which some servers take for slashes. A violation is an *Error of
// kind ErrKey.
func ParseKey(s string) (Key, error) {
	switch {
	case s == "":
		return "", keyError("the URL names no picture: it must go on with /options/key")
	case len(s) > MaxKeyBytes:
		return "", keyError(fmt.Sprintf("the key is %d bytes long, the limit is %d", len(s), MaxKeyBytes))
	case !utf8.ValidString(s):
		return "", keyError("the key is not valid UTF-8")
	case strings.ContainsFunc(s, isControl):
		return "", keyError("the key contains a control character")
	}
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "" {
			return "", keyError("the key has an empty segment: a doubled slash, or one at its start or end")
		}
	}
	for segment := range strings.FieldsFuncSeq(s, isSlash) {
		if segment == "." || segment == ".." {
			return "", keyError(fmt.Sprintf("the key has the segment %q", segment))
		}
	}
	return Key(s), nil
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }

// isControl reports the C0 and C1 controls and DEL, which have no place in a
// name and end up in logs and headers.
func isControl(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }

func keyError(reason string) error { return &Error{Kind: ErrKey, Reason: reason} }

// Name is the name of a file in the cache: a hash of the key in lower-case hexadecimal, and
// for a derivative a dash and a hash of everything else that decides its bytes. So all
// files of one picture have the same prefix.
type Name string

// Lengths of the hashes, in bytes. 128 bits keep attackers from finding two keys that
// collide; for the variants of one picture, 96 bits suffice.
const (
	sourceHashBytes  = 16
	variantHashBytes = 12
)

// Name is the name of the original in the cache, and the prefix of the names of all its
// derivatives.
func (k Key) Name() Name {
	sum := sha256.Sum256([]byte(k))
	return Name(hex.EncodeToString(sum[:sourceHashBytes]))
}

// Original is the name in the cache of the original that v is made of. Each cache buster
// (v_) has an original of its own, so that it is fetched again.
func (v Variant) Original(k Key) Name {
	if v.Version == "" {
		return k.Name()
	}
	sum := sha256.Sum256([]byte(v.Version))
	return k.Name() + Name("-"+hex.EncodeToString(sum[:variantHashBytes]))
}

// Name is the name of a derivative of k in the cache. It depends on everything that decides
// its bytes: the canonical options, for FormatAuto the normalized Accept, and the recipe,
// which identifies the engine and the settings of the server.
func (v Variant) Name(k Key, a Accept, recipe string) Name {
	v.Download, v.DownloadName = false, "" // decide a header, no bytes
	if v.Format != FormatAuto {
		a = 0
	}
	b := append([]byte(v.String()), 0, byte(a), 0)
	sum := sha256.Sum256(append(b, recipe...))
	return k.Name() + Name("-"+hex.EncodeToString(sum[:variantHashBytes]))
}
