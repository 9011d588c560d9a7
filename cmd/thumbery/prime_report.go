package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// primeReport is what prime tells while it runs, and prints at the end.
type primeReport struct {
	tally   *tally
	started time.Time
	lists   bool // pictures are listed, and not named one by one
	log     *slog.Logger

	where string // the cache directory, or the server

	summary primeSummary
}

// primeSummary is the JSON of a report.
type primeSummary struct {
	Filled      string  `json:"filled"`   // the directory, or the server
	Pictures    int     `json:"pictures"` // that were gone through
	Made        int     `json:"made"`     // derivatives
	There       int     `json:"there"`
	Failed      int     `json:"failed"`
	NotPictures int     `json:"not_pictures"`
	LeftOut     int     `json:"left_out"` // lines or names that are no keys
	Complete    bool    `json:"complete"` // all has been gone through
	Seconds     float64 `json:"seconds"`
	Rate        float64 `json:"rate"` // derivatives a second

	FirstFailure    string `json:"first_failure,omitempty"`
	FirstNotPicture string `json:"first_not_picture,omitempty"`
	FirstLeftOut    string `json:"first_left_out,omitempty"`
}

// logFailure is told of every picture that failed.
func (r *primeReport) logFailure(key variant.Key, err error) {
	if !r.lists || !errors.Is(err, header.ErrNotPicture) {
		r.log.Error("not made", "key", key, "cause", err)
	}
}

// tellBarEvery is how often the bar is drawn anew.
const tellBarEvery = 200 * time.Millisecond

// tell shows how far it has come, or where there is no terminal writes it to the
// log, until the returned function is called.
func (r *primeReport) tell(b *bar) (stop func()) {
	every, show := time.Minute, r.tellLog
	if b.shown != nil {
		every, show = tellBarEvery, b.showPriming
		progressbar.OptionSetPredictTime(false)(b.shown) // of what is there it knows nothing
	}
	ctx, cancel := context.WithCancel(context.Background())
	var telling sync.WaitGroup
	telling.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				show(r.tally.snapshot(now))
			}
		}
	})
	return func() {
		cancel()
		telling.Wait()
		b.done()
	}
}

func (r *primeReport) tellLog(s admin.JobStatus) {
	r.log.Info("priming", "pictures", s.Finished, "of", of(s), "made", s.Made, "there", s.There, "failed", s.Failed,
		"rate", rate(s), "left", left(s))
}

func (b *bar) showPriming(s admin.JobStatus) {
	text := fmt.Sprintf("priming: %s of %s pictures, %s", humanize.Comma(int64(s.Finished)), of(s), rate(s))
	if s.Left > 0 {
		text += ", " + left(s) + " left"
	}
	b.shown.ChangeMax(max(s.Pictures, s.Finished) + 1) // at the end it would clear itself
	_ = b.shown.Set(s.Finished)
	b.shown.Describe(text)
}

// of is how many pictures there are, as far as is known.
func of(s admin.JobStatus) string {
	if s.Listing {
		return "?"
	}
	return humanize.Comma(int64(s.Pictures))
}

func rate(s admin.JobStatus) string { return fmt.Sprintf("%.1f/s", s.Rate) }

// longest is what more is not told apart from.
const longest = 1000 * time.Hour

func left(s admin.JobStatus) string {
	if s.Left <= 0 {
		return "?"
	}
	if s.Left >= longest.Seconds() {
		return "more than " + longest.String()
	}
	return time.Duration(s.Left * float64(time.Second)).Round(time.Second).String()
}

// conclude prints the summary of what ended with err, and returns what is to be said
// of that. A mistake before anything was done is all that there is to say.
func (r *primeReport) conclude(ctx context.Context, err error, stdout io.Writer, asJSON bool) error {
	if isMistake(err) && r.tally.snapshot(time.Now()).Finished == 0 {
		return err
	}
	r.finish(err)
	return errors.Join(r.print(stdout, asJSON), r.failure(ctx, err))
}

// finish makes the summary when nothing is under way any more.
func (r *primeReport) finish(err error) {
	now := time.Now()
	state := admin.JobDone
	if err != nil {
		state = admin.JobFailed
	}
	r.tally.end(state, "", now)
	s := r.tally.snapshot(now)
	r.summary = primeSummary{
		Filled: r.where, Pictures: s.Finished, Made: s.Made, There: s.There, Failed: s.Failed, NotPictures: s.NotPictures,
		LeftOut: s.LeftOut, Complete: err == nil, Seconds: now.Sub(r.started).Seconds(), Rate: s.Rate,
		FirstNotPicture: quoted(s.FirstNotPicture), FirstLeftOut: quoted(s.FirstLeftOut),
	}
	if len(s.Errors) > 0 {
		r.summary.FirstFailure = fmt.Sprintf("%q: %s", s.Errors[0].Key, s.Errors[0].Error)
	}
}

// quoted is a name for people, if there is one.
func quoted(name string) string {
	if name == "" {
		return ""
	}
	return strconv.Quote(name)
}

func (r *primeReport) print(w io.Writer, asJSON bool) error {
	s := &r.summary
	if asJSON {
		return printJSON(w, s)
	}
	fmt.Fprintf(w, "made: %s, of %s\n", plural(int64(s.Made), "derivative"), plural(int64(s.Pictures), "picture"))
	fmt.Fprintf(w, "there already: %s\n", humanize.Comma(int64(s.There)))
	printLines(w, []countLine{
		{int64(s.Failed), "failed", s.FirstFailure},
		{int64(s.NotPictures), "no pictures", s.FirstNotPicture},
		{int64(s.LeftOut), "left out, as no URL can name them", s.FirstLeftOut},
	})
	fmt.Fprintf(w, "filled: %s\n", s.Filled)
	fmt.Fprintf(w, "took %.1f s, %.1f derivatives/s\n", s.Seconds, s.Rate)
	return nil
}

// failure says what kept it from being complete, or what could not be made.
func (r *primeReport) failure(ctx context.Context, err error) error {
	s := &r.summary
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped; run it again to go on: what has been made is not made again")
	case isMistake(err):
		return err
	case err != nil:
		return fmt.Errorf("%w; run it again to go on", err)
	case s.Failed > 0 || !r.lists && s.NotPictures+s.LeftOut > 0:
		return &partlyError{fmt.Errorf("%s could not be made%s%s", plural(int64(s.Failed), "derivative"), r.unnamed(), after("; the first: ", s.FirstFailure))}
	}
	return nil
}

// unnamed says which of the names that were given are none.
func (r *primeReport) unnamed() string {
	switch n := r.summary.NotPictures + r.summary.LeftOut; {
	case r.lists || n == 0:
		return ""
	case n == 1:
		return ", and 1 of the keys names no picture"
	default:
		return fmt.Sprintf(", and %s of the keys name no pictures", humanize.Comma(int64(n)))
	}
}

// after is text with something before it, if there is any.
func after(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}
