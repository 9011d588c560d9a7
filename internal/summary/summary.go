// Package summary has the words and numbers that the summaries of several commands share.
package summary

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
)

// Print prints a summary as text, with what to do next unless that is "", or as JSON.
func Print(w io.Writer, s fmt.Stringer, next string, asJSON bool) error {
	if !asJSON {
		text := s.String()
		if next != "" {
			text += "next: " + next + "\n"
		}
		_, err := io.WriteString(w, text)
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(s)
}

// Line is a line of a summary, which is left out if N is 0.
type Line struct {
	N           int64
	What, First string // First is an example, if there is one
}

// WriteLines writes the lines that are not left out.
func WriteLines(w io.Writer, lines ...Line) {
	for _, line := range lines {
		switch {
		case line.N > 0 && line.First != "":
			fmt.Fprintf(w, "%s: %s; the first: %s\n", line.What, humanize.Comma(line.N), line.First)
		case line.N > 0:
			fmt.Fprintf(w, "%s: %s\n", line.What, humanize.Comma(line.N))
		}
	}
}

// Files is a number of files, and their size.
func Files(files, bytes int64) string {
	return fmt.Sprintf("%s (%s)", Plural(files, "file"), humanize.IBytes(uint64(bytes)))
}

// Plural is a number of things: "1 file", "1,000 files".
func Plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return humanize.Comma(n) + " " + what + "s"
}
