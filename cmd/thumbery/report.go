package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/cache/eviction"
)

// What the summaries of several commands share.

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// countLine is a line of a summary, which is left out if n is 0.
type countLine struct {
	n           int64
	what, first string // first is an example, if there is one
}

func printLines(w io.Writer, lines []countLine) {
	for _, line := range lines {
		switch {
		case line.n > 0 && line.first != "":
			fmt.Fprintf(w, "%s: %s; the first: %s\n", line.what, humanize.Comma(line.n), line.first)
		case line.n > 0:
			fmt.Fprintf(w, "%s: %s\n", line.what, humanize.Comma(line.n))
		}
	}
}

func counted(c eviction.Count) string {
	return fmt.Sprintf("%s (%s)", plural(c.Files, "file"), humanize.IBytes(uint64(c.Bytes)))
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return humanize.Comma(n) + " " + what + "s"
}
