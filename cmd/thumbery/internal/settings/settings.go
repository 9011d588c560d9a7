// Package settings has the flags that commands share, by their groups in --help: which
// values are refused, and what the others mean to the packages that serve.
//
// Tags that kong does not know: min, max and secret are for CheckRanges and ExposedSecrets,
// complete is for package completion, and serving says that prime does not use the flag. The Validate of each type, which kong
// calls, refuses flags that contradict each other. Errors that name a flag and come later than
// that are marked by exit.Usage.
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
