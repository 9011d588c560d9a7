package settings

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// CheckRanges refuses a number or time below the tag min of its flag, or above its tag max.
func CheckRanges(flags []*kong.Flag) error {
	for _, f := range flags {
		low, high := f.Tag.Get("min"), f.Tag.Get("max")
		switch {
		case low == "" || f.Target.Int() >= bound(low) && (high == "" || f.Target.Int() <= bound(high)):
		case high == "":
			return fmt.Errorf("--%s: must be %s or more", f.Name, low)
		default:
			return fmt.Errorf("--%s: must be from %s to %s", f.Name, low, high)
		}
	}
	return nil
}

// bound is a number, or the nanoseconds of a duration.
func bound(tag string) int64 {
	if d, err := time.ParseDuration(tag); err == nil {
		return int64(d)
	}
	n, err := strconv.ParseInt(tag, 10, 64)
	if err != nil {
		panic(err) // in a tag
	}
	return n
}

// ExposedSecrets are warnings of the flags with the tag "secret" that were given on the command
// line, one for each.
func ExposedSecrets(ctx *kong.Context) (warnings []string) {
	for _, p := range ctx.Path {
		if p.Flag == nil || p.Resolved || !p.Flag.Tag.Has("secret") {
			continue
		}
		warning := fmt.Sprintf("--%s: a secret on the command line can be read by every user of this machine: give it in the environment, as %s", p.Flag.Name, p.Flag.Envs[0])
		if !slices.Contains(warnings, warning) {
			warnings = append(warnings, warning)
		}
	}
	return warnings
}
