package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/thumbery/thumbery/cache/eviction"
)

// policyFlags say what a purge removes. purge and serve share them, and so the
// environment variables.
type policyFlags struct {
	limitFlags
	MinFree     percent    `placeholder:"10%" help:"Remove what was used least recently where less of the disk's space or inodes is free. While it is, a server keeps nothing more; without this flag, while less than 5% and less than 1 GiB is free (or 65,536 inodes)."`
	Originals   limitFlags `embed:"" prefix:"originals-" group:"Of the originals alone"`
	Mezzanines  limitFlags `embed:"" prefix:"mezzanines-" group:"Of the mezzanines alone"`
	Derivatives limitFlags `embed:"" prefix:"derivatives-" group:"Of the derivatives alone"`
}

// limitFlags are eviction.Limits.
type limitFlags struct {
	OlderThan age      `placeholder:"30d" help:"Remove what was last used longer ago; 36h, 30d, 8w."`
	MaxSize   budget   `placeholder:"50GiB" help:"Remove what was used least recently where there is more, down to 90%."`
	MaxFiles  quantity `placeholder:"1000000" help:"Remove what was used least recently where there are more files, down to 90%."`
}

func (f limitFlags) limits() eviction.Limits {
	return eviction.Limits{OlderThan: time.Duration(f.OlderThan), MaxBytes: int64(f.MaxSize), MaxFiles: int64(f.MaxFiles)}
}

// policy returns an empty Policy if no flag was given.
func (f policyFlags) policy() eviction.Policy {
	return eviction.Policy{
		All: f.limits(), Originals: f.Originals.limits(), Mezzanines: f.Mezzanines.limits(), Derivatives: f.Derivatives.limits(),
		MinFree: float64(f.MinFree),
	}
}

// budget is an amount that may not be 0: nobody means to keep nothing.
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
		return fmt.Errorf("%q is no number of files such as 1000000 or 4M", text)
	}
	return nil
}

// percent is a share from 0 to 1, written as 10%.
type percent float64

func (p *percent) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(n > 0 && n < 100) {
		return fmt.Errorf("%q is no share between 0 and 100, such as 10%%", text)
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
		return fmt.Errorf("%q is no time such as 36h, 30d or 8w", text)
	}
	*a = age(d)
	return nil
}
