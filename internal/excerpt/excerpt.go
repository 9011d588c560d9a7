// Package excerpt shortens text of strangers before it is logged or quoted.
package excerpt

import "strings"

// Of returns the first 2 KiB of s: no path that names a picture is longer.
func Of(s string) string { return First(s, 2<<10) }

// First returns the first most bytes of s, cut between two characters, and "…" if that is not
// all.
func First(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
