package values

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// Host is a host's name, in lower case.
type Host string

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Host) UnmarshalText(text []byte) error {
	name := strings.ToLower(strings.TrimSuffix(string(text), "."))
	if !hostName.MatchString(name) {
		return fmt.Errorf("%q is not a host name; examples: thumbery, img-admin.example.com", text)
	}
	*h = Host(name)
	return nil
}

// hostName takes underscores, which the names of containers may have.
var hostName = regexp.MustCompile(`^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$`)

// Key is a picture's key.
type Key variant.Key

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Key) UnmarshalText(text []byte) error {
	key, err := variant.ParseKey(string(text))
	*k = Key(key)
	return err
}

// Prefix is what keys begin with.
type Prefix string

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Prefix) UnmarshalText(text []byte) error {
	if string(text) == "/" { // which does not empty the cache, as it may come of an empty variable in a script
		return errors.New("no key begins with /: write a prefix such as photos/; to remove everything, give --max-size 1")
	}
	// A prefix that no key can have is a typing error, and a run without effect would
	// look like success.
	if _, err := variant.ParseKey(strings.TrimSuffix(string(text), "/")); err != nil {
		return fmt.Errorf("no key begins with %q: %w", text, err)
	}
	*p = Prefix(text)
	return nil
}

// PrefixOrAll is a prefix of keys, where / and nothing stand for all.
type PrefixOrAll Prefix

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *PrefixOrAll) UnmarshalText(text []byte) error {
	if string(text) == "/" || len(text) == 0 {
		*s = ""
		return nil
	}
	return (*Prefix)(s).UnmarshalText(text)
}
