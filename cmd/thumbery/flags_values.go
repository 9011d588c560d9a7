package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/prometheus/common/model"

	"github.com/thumbery/thumbery/variant"
)

// Types of flags. Each reads its value by UnmarshalText, so that a wrong one is refused
// before anything has started.

// amount is a number with a unit: 64MiB, 100M.
type amount int64

func (a *amount) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > 1<<60 {
		return fmt.Errorf("%q is not a size; examples: 64MiB, 100M, 4096", text)
	}
	*a = amount(n)
	return nil
}

// budget is an amount that may not be 0, as an empty cache is never intended.
type budget amount

func (b *budget) UnmarshalText(text []byte) error {
	if err := (*amount)(b).UnmarshalText(text); err != nil {
		return err
	}
	if *b == 0 {
		return errors.New("a limit must be more than 0; leave it out for none")
	}
	return nil
}

// quantity is a number of files, such as 1000000 or 4M.
type quantity int64

func (q *quantity) UnmarshalText(text []byte) error {
	if err := (*budget)(q).UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is not a number of files; examples: 1000000, 4M", text)
	}
	return nil
}

// percent is a share from 0 to 1, written as 10%.
type percent float64

func (p *percent) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(n > 0 && n < 100) {
		return fmt.Errorf("%q is not a percentage between 0 and 100; example: 10%%", text)
	}
	*p = percent(n / 100)
	return nil
}

// age is a time.Duration that may be written in days and weeks: 30d, 8w, 1d12h.
type age time.Duration

func (a *age) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		var long model.Duration
		long, err = model.ParseDuration(string(text))
		d = time.Duration(long)
	}
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a duration; examples: 36h, 30d, 8w", text)
	}
	*a = age(d)
	return nil
}

// hostFlag is a host's name, in lower case.
type hostFlag string

func (h *hostFlag) UnmarshalText(text []byte) error {
	name := strings.ToLower(strings.TrimSuffix(string(text), "."))
	if !hostName.MatchString(name) {
		return fmt.Errorf("%q is not a host name; examples: thumbery, img-admin.example.com", text)
	}
	*h = hostFlag(name)
	return nil
}

// hostName takes underscores, which the names of containers may have.
var hostName = regexp.MustCompile(`^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$`)

// keyFlag is a picture's key.
type keyFlag variant.Key

func (k *keyFlag) UnmarshalText(text []byte) error {
	key, err := variant.ParseKey(string(text))
	*k = keyFlag(key)
	return err
}

// prefixFlag is what keys begin with.
type prefixFlag string

func (p *prefixFlag) UnmarshalText(text []byte) error {
	// A prefix that no key can have is a typing error, and a run without effect would
	// look like success.
	if _, err := variant.ParseKey(strings.TrimSuffix(string(text), "/")); err != nil {
		return fmt.Errorf("no key begins with %q: %w", text, err)
	}
	*p = prefixFlag(text)
	return nil
}
