package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/prime"
)

// The summary tells what was done before the server refused a job. If it refused at once,
// only the error is printed.
func TestPrimeMistakeLater(t *testing.T) {
	t.Parallel()
	for done, want := range map[int]string{0: "", 5000: "made: 10 derivatives, of 5,000 pictures"} {
		r := &prime.Report{Where: "unix:/run/a.sock", Log: slog.New(slog.DiscardHandler)}
		r.Update(prime.Progress{State: prime.Done, Finished: done, Counts: prime.Counts{Made: 10}})
		var out strings.Builder
		err := (&primeCmd{}).conclude(t.Context(), r, &prime.MistakeError{Reason: "the server refuses: 40x is not permitted any more"}, &out)
		if !exit.IsUsage(err) || !strings.HasSuffix(err.Error(), "the server refuses: 40x is not permitted any more") {
			t.Errorf("%v", err)
		}
		if !strings.HasPrefix(out.String(), want) || (want == "") != (out.Len() == 0) || want != "" && !strings.Contains(out.String(), "\nfilled: unix:/run/a.sock\n") {
			t.Errorf("%q", &out)
		}
	}
}

// If the server cannot be reached, there is nothing to sum up.
func TestPrimeNoServer(t *testing.T) {
	t.Parallel()
	r := &prime.Report{Where: "http://127.0.0.1:1", Log: slog.New(slog.DiscardHandler)}
	var out strings.Builder
	err := (&primeCmd{}).conclude(t.Context(), r, errors.New("--server: connection refused"), &out)
	if err == nil || exit.IsUsage(err) || err.Error() != "--server: connection refused; run it again to go on" || out.Len() > 0 {
		t.Errorf("%v, %q", err, &out)
	}
}

// A job that ends early without a mistake of the user is summarized, with how to go on.
func TestPrimeStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &prime.Report{Log: slog.New(slog.DiscardHandler)}
	r.Update(prime.Progress{State: prime.Running, Finished: 3, Counts: prime.Counts{Made: 6}})
	var out strings.Builder
	err := (&primeCmd{JSON: true}).conclude(ctx, r, errors.New("stopped"), &out)
	if err == nil || !strings.HasPrefix(err.Error(), "stopped; run it again to go on") || !strings.Contains(out.String(), `"complete": false`) || !strings.Contains(out.String(), `"made": 6`) {
		t.Errorf("%v, %s", err, &out)
	}
}
