package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal returns a context that is done after SIGTERM or SIGINT. A second
// signal ends the process at once.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}

// outliveReaders has a command go on when the reader of its standard output or
// error goes away: what is written there is lost. Go ends a process with SIGPIPE
// otherwise, which is right for "thumbery url … | head". The signal is caught and
// not ignored, as child processes would inherit that.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
