package values

import (
	"encoding"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/cache/eviction"
)

// Policy reads the limits of a purge from a query, which are named as the flags are: older-than, max-size,
// max-files, the same of each tier, such as originals-max-size, and min-free. Empty values limit nothing.
func Policy(q url.Values) (p eviction.Policy, err error) {
	limits := map[string]encoding.TextUnmarshaler{"min-free": (*Percent)(&p.MinFree)}
	for prefix, l := range map[string]*eviction.Limits{
		"": &p.All, "originals-": &p.Originals, "mezzanines-": &p.Mezzanines, "derivatives-": &p.Derivatives,
	} {
		limits[prefix+"older-than"] = (*Age)(&l.OlderThan)
		limits[prefix+"max-size"] = (*Budget)(&l.MaxBytes)
		limits[prefix+"max-files"] = (*Quantity)(&l.MaxFiles)
	}
	for name, texts := range q {
		limit, known := limits[name]
		if !known {
			return p, fmt.Errorf("there is no limit %q, but %s", name, strings.Join(slices.Sorted(maps.Keys(limits)), ", "))
		}
		for _, text := range texts {
			if text == "" {
				continue
			}
			if err := limit.UnmarshalText([]byte(text)); err != nil {
				return p, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return p, nil
}
