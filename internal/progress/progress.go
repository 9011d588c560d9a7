// Package progress shows how far a command is.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Every is how often there is a line where there is no terminal.
const Every = 10 * time.Second

// Bar shows how far something has come: on a terminal as a bar, and elsewhere by a line every
// ten seconds, so that a short command prints none.
type Bar struct {
	terminal   *os.File
	isTerminal bool
	lines      io.Writer
	said       time.Time // when there was a line

	mu    sync.Mutex // lines of a log come from any goroutine
	shown bool       // the bar is on the terminal
	drawn time.Time  // when it was, last
}

const (
	// redraw is how often the bar is drawn.
	redraw = 100 * time.Millisecond
	// minBar is how many columns a bar needs besides its text.
	minBar = 18
)

// New returns a bar on a terminal. If that is none, there are lines instead.
func New(terminal *os.File, lines io.Writer) *Bar {
	return &Bar{terminal: terminal, isTerminal: term.IsTerminal(int(terminal.Fd())), lines: lines, said: time.Now()}
}

// Track returns a function that is to be told how much of all is done, in unit, such as
// "files", or "" for percent. Calls must not overlap.
func (b *Bar) Track(what, unit string) func(done, all int) {
	return func(done, all int) {
		text := what
		switch {
		case unit != "":
			text = fmt.Sprintf("%s: %s of %s %s", what, humanize.Comma(int64(done)), humanize.Comma(int64(all)), unit)
		case !b.isTerminal: // a bar has its own
			text = fmt.Sprintf("%s: %d%%", what, 100*int64(done)/int64(max(all, 1)))
		}
		b.Show(done, all, text)
	}
}

// Show says how much of all is done, where 0 is an unknown number, with a text that says so, too.
// Calls must not overlap.
func (b *Bar) Show(done, all int, text string) {
	if b.isTerminal {
		b.draw(done, all, text)
	} else {
		b.say(text)
	}
}

// draw draws a bar in one go, as the library would draw each of its changes by itself. Without
// room, or if nobody knows how much there is, there is only the text.
func (b *Bar) draw(done, all int, text string) {
	now := time.Now()
	if now.Sub(b.drawn) < redraw {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	b.shown, b.drawn = true, now
	width, _, err := term.GetSize(int(b.terminal.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	if all <= 0 || utf8.RuneCountInString(text)+minBar > width {
		fmt.Fprintf(b.terminal, "%.*s", width-1, text)
		return
	}
	bar := progressbar.NewOptions(all, progressbar.OptionSetWriter(b.terminal), progressbar.OptionSetDescription(text), progressbar.OptionFullWidth(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionThrottle(time.Hour))
	_ = bar.Set(min(done, all))
	_ = bar.RenderBlank() // if the above has not
}

func (b *Bar) say(text string) {
	if now := time.Now(); now.Sub(b.said) >= Every {
		b.said = now
		fmt.Fprintln(b.lines, text)
	}
}

// Write writes a line of a log, which is not to stand behind the bar.
func (b *Bar) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	return b.terminal.Write(line)
}

// Done removes the bar, which comes back if there is more.
func (b *Bar) Done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
}

func (b *Bar) clear() {
	if b.shown {
		fmt.Fprint(b.terminal, "\x1b[2K\r")
	}
	b.shown = false
}
