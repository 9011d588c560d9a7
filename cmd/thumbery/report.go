package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

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

// progressBar shows how far something has come; nothing where nobody looks.
type progressBar struct {
	file  *os.File
	shown *progressbar.ProgressBar
}

func newProgressBar(f *os.File, options ...progressbar.Option) *progressBar {
	b := &progressBar{file: f}
	if term.IsTerminal(int(f.Fd())) {
		b.shown = progressbar.NewOptions(1, append(options,
			progressbar.OptionSetWriter(f), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond))...)
	}
	return b
}

// progress returns a function that is to be told how much of all is done, as disk
// and migrate do; nil where nothing is shown. Calls must not overlap.
func (b *progressBar) progress(what string) func(done, all int) {
	if b.shown == nil {
		return nil
	}
	before := -1
	return func(done, all int) {
		if done == 1 {
			b.shown.Reset()
			b.shown.Describe(what)
		}
		if all != before {
			b.shown.ChangeMax(all)
			before = all
		}
		_ = b.shown.Set(done)
	}
}

// Write writes a line of a log, which is not to stand behind the bar.
func (b *progressBar) Write(line []byte) (int, error) {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
	return b.file.Write(line)
}

func (b *progressBar) done() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}
