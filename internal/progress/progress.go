// Package progress shows how far a command is.
package progress

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Every is how often there is a line where there is no terminal.
const Every = 10 * time.Second

// Bar shows how far something has come: on a terminal as a bar, and elsewhere by a line every
// ten seconds, so that a short command prints none.
type Bar struct {
	terminal *os.File
	shown    *progressbar.ProgressBar // nil if terminal is none
	done     int                      // that it shows
	lines    io.Writer
	said     time.Time // when there was a line
}

// New returns a bar on a terminal. If that is none, there are lines instead.
func New(terminal *os.File, lines io.Writer) *Bar {
	b := &Bar{terminal: terminal, lines: lines, said: time.Now()}
	if term.IsTerminal(int(terminal.Fd())) {
		b.shown = progressbar.NewOptions(1,
			progressbar.OptionSetWriter(terminal), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return b
}

// Track returns a function that is to be told how much of all is done, in unit, such as
// "files", or "" for percent. Calls must not overlap.
func (b *Bar) Track(what, unit string) func(done, all int) {
	show := b.Describe()
	return func(done, all int) {
		text := what
		switch {
		case unit != "":
			text = fmt.Sprintf("%s: %s of %s %s", what, humanize.Comma(int64(done)), humanize.Comma(int64(all)), unit)
		case b.shown == nil: // a bar has its own
			text = fmt.Sprintf("%s: %d%%", what, 100*int64(done)/int64(max(all, 1)))
		}
		show(done, all, text)
	}
}

// Describe returns a function that is to be told how much of all is done, and says so in
// a text of its own. Calls must not overlap.
func (b *Bar) Describe() func(done, all int, text string) {
	return func(done, all int, text string) {
		if b.shown == nil {
			b.say(text)
			return
		}
		if done < b.done {
			b.shown.Reset() // it cannot go back
		}
		b.done = done
		b.shown.Describe(text)
		if most := max(all, done) + 1; most != b.shown.GetMax() { // at the end it would clear itself
			b.shown.ChangeMax(most)
		}
		_ = b.shown.Set(done)
		_ = b.shown.RenderBlank() // also where only the text has changed
	}
}

func (b *Bar) say(text string) {
	if now := time.Now(); now.Sub(b.said) >= Every {
		b.said = now
		fmt.Fprintln(b.lines, text)
	}
}

// Write writes a line of a log, which is not to stand behind the bar.
func (b *Bar) Write(line []byte) (int, error) {
	b.Done()
	return b.terminal.Write(line)
}

// Done removes the bar, which comes back if there is more.
func (b *Bar) Done() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}
