// Package progress shows on a terminal how far a command is.
package progress

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar shows how far something has come; nothing where nobody looks.
type Bar struct {
	file  *os.File
	shown *progressbar.ProgressBar
}

// New returns a bar on a terminal, or one that shows nothing if f is none.
func New(f *os.File) *Bar { return newBar(f) }

// NewCounting returns a bar as New does, which also shows how many of unit there are, and
// how many a second.
func NewCounting(f *os.File, unit string) *Bar {
	return newBar(f, progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit))
}

func newBar(f *os.File, options ...progressbar.Option) *Bar {
	b := &Bar{file: f}
	if term.IsTerminal(int(f.Fd())) {
		b.shown = progressbar.NewOptions(1, append(options,
			progressbar.OptionSetWriter(f), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond))...)
	}
	return b
}

// Track returns a function that is to be told how much of all is done, as disk
// and migrate do; nil where nothing is shown. Calls must not overlap.
func (b *Bar) Track(what string) func(done, all int) {
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

// Describe returns a function that is to be told how much of all is done, and says so in
// a text of its own, as prime does; nil where nothing is shown. Calls must not overlap.
func (b *Bar) Describe() func(done, all int, text string) {
	if b.shown == nil {
		return nil
	}
	return func(done, all int, text string) {
		b.shown.ChangeMax(max(all, done) + 1) // at the end it would clear itself
		_ = b.shown.Set(done)
		b.shown.Describe(text)
	}
}

// Write writes a line of a log, which is not to stand behind the bar.
func (b *Bar) Write(line []byte) (int, error) {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
	return b.file.Write(line)
}

// Done removes the bar.
func (b *Bar) Done() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}
