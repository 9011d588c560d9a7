package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows how far a purge has come; nothing where nobody looks.
type bar struct{ shown *progressbar.ProgressBar }

func newBar(f *os.File) *bar {
	if !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions(1,
		progressbar.OptionSetWriter(f), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond))}
}

// progress is what disk.PurgeOptions.Progress wants; nil where nothing is shown.
func (b *bar) progress(what string) func(done, all int) {
	if b.shown == nil {
		return nil
	}
	return func(done, all int) {
		if done == 1 {
			b.shown.Reset()
			b.shown.ChangeMax(all)
			b.shown.Describe(what)
		}
		_ = b.shown.Set(done)
	}
}

func (b *bar) done() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}
