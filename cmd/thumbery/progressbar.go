package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

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
