// Package settings has the flags that commands share, by their groups in --help: which
// values are refused, and what the others mean to the packages that serve.
//
// Some tags are ours, and unknown to kong: min and max (CheckRanges), secret
// (ExposedSecrets), complete (package completion) and serving (prime does not use the flag).
// The Validate of each type, which kong calls, refuses flags that contradict each other. An
// error about a flag that only shows later is marked by exit.Usage.
package settings

import (
	"strconv"

	"github.com/alecthomas/kong"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
)

// Defaults are the variables of the struct tags here that have numbers of other packages.
func Defaults() kong.Vars {
	return kong.Vars{
		"default_source": DefaultSource, "avif_speed": strconv.Itoa(engine.DefaultAVIFSpeed),
		"mezzanine": strconv.Itoa(resize.DefaultMezzanineSide), "mezzanine_over": strconv.Itoa(resize.DefaultMezzanineOver/1_000_000) + "M",
	}
}
