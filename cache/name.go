package cache

import (
	"errors"
	"fmt"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// ErrName is returned for an invalid variant.Name. No store makes a path of one.
var ErrName = errors.New("not a name of the cache")

// The bounds of each part of a name, in hexadecimal digits. The first three digits name the
// directory; 64 are the digits of SHA-256. Both parts together are well below the 255 bytes
// of a file name.
const (
	minPart = 3
	maxPart = 64
)

// CheckName returns ErrName, wrapped, unless name is 3 to 64 lower-case hexadecimal digits, or
// two such groups with a dash between them.
func CheckName(name variant.Name) error {
	source, rest, two := strings.Cut(string(name), "-")
	if !isPart(source) || two && !isPart(rest) {
		return fmt.Errorf("%w: %.140q", ErrName, string(name))
	}
	return nil
}

func isPart(s string) bool {
	return len(s) >= minPart && len(s) <= maxPart && strings.Trim(s, "0123456789abcdef") == ""
}
