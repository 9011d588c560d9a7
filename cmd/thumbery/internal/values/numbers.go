// Package values has the types of flags. Each reads its value by UnmarshalText, so that a
// wrong one is refused before anything has started.
package values

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/prometheus/common/model"
)

// Amount is a number with a unit: 64MiB, 100M.
type Amount int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Amount) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > 1<<60 {
		return fmt.Errorf("%q is not a size or number; examples: 64MiB, 100M, 4096", text)
	}
	*a = Amount(n)
	return nil
}

// Budget is an Amount that may not be 0, as an empty cache is never intended.
type Budget Amount

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Budget) UnmarshalText(text []byte) error {
	if err := (*Amount)(b).UnmarshalText(text); err != nil {
		return err
	}
	if *b == 0 {
		return errors.New("a limit must be more than 0; leave the flag out for its default")
	}
	return nil
}

// Percent is a share from 0 to 1, written as 10%.
type Percent float64

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Percent) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(n > 0 && n < 100) {
		return fmt.Errorf("%q is not a percentage between 0 and 100; example: 10%%", text)
	}
	*p = Percent(n / 100)
	return nil
}

// Age is a time.Duration that may be written in days and weeks: 30d, 8w, 1d12h.
type Age time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Age) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		var long model.Duration
		long, err = model.ParseDuration(string(text))
		d = time.Duration(long)
	}
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a duration; examples: 36h, 30d, 8w", text)
	}
	*a = Age(d)
	return nil
}
