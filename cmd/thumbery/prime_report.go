package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// primeReport shows the progress of prime, and prints the summary at the end.
type primeReport struct {
	started time.Time
	lists   bool // keys are listed, and not given one by one
	log     *slog.Logger
	bar     *progressBar
	where   string // the cache directory, or the server

	mu           sync.Mutex
	last         prime.Progress
	leftOut      int // lines that are no keys, which a server is not sent
	firstLeftOut string
	logged       time.Time

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

// logFailure logs a picture that failed.
func (r *primeReport) logFailure(key variant.Key, err error) {
	if !r.lists || !errors.Is(err, header.ErrNotPicture) {
		r.log.Error("not made", "key", key, "cause", err)
	}
}

// logProgressEvery is how often there is a line in the log where there is no bar.
const logProgressEvery = time.Minute

// update takes the progress so far.
func (r *primeReport) update(p prime.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = p
	switch {
	case p.State != prime.Running:
	case r.bar.shown != nil:
		r.bar.showPriming(p)
	case time.Since(r.logged) >= logProgressEvery && time.Since(r.started) >= logProgressEvery:
		r.logged = time.Now()
		r.log.Info("priming", "pictures", p.Finished, "of", total(p), "made", p.Made, "there", p.There, "failed", p.Failed,
			"rate", rate(p.Rate), "left", left(p))
	}
}

// leaveOut counts a line that is no key.
func (r *primeReport) leaveOut(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leftOut++; r.leftOut == 1 {
		r.firstLeftOut = line
	}
}

func (b *progressBar) showPriming(p prime.Progress) {
	text := fmt.Sprintf("priming: %s of %s pictures, %s", humanize.Comma(int64(p.Finished)), total(p), rate(p.Rate))
	if p.Left > 0 {
		text += ", " + left(p) + " left"
	}
	b.shown.ChangeMax(max(p.Pictures, p.Finished) + 1) // at the end it would clear itself
	_ = b.shown.Set(p.Finished)
	b.shown.Describe(text)
}

// total is how many pictures there are, as far as is known.
func total(s prime.Progress) string {
	if s.Listing {
		return "?"
	}
	return humanize.Comma(int64(s.Pictures))
}

func rate(perSecond float64) string { return fmt.Sprintf("%.1f/s", perSecond) }

// longest is the longest time that is shown.
const longest = 1000 * time.Hour

func left(s prime.Progress) string {
	if s.Left <= 0 {
		return "?"
	}
	if s.Left >= longest.Seconds() {
		return "more than " + longest.String()
	}
	return time.Duration(s.Left * float64(time.Second)).Round(time.Second).String()
}

// conclude prints the summary, and returns the error of the command. A mistake before
// anything was done has no summary.
func (r *primeReport) conclude(ctx context.Context, err error, stdout io.Writer, asJSON bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if mistake, ok := errors.AsType[*prime.MistakeError](err); ok {
		if err = usage(mistake); r.last.Finished == 0 {
			return err
		}
	}
	r.finish(err)
	return errors.Join(r.print(stdout, asJSON), r.failure(ctx, err))
}

// finish makes the summary when nothing is under way any more.
func (r *primeReport) finish(err error) {
	s, took := r.last, time.Since(r.started).Seconds()
	r.summary = primeSummary{
		Filled: r.where, Pictures: s.Finished, Made: s.Made, There: s.There, Failed: s.Failed, NotPictures: s.NotPictures,
		LeftOut: s.LeftOut + r.leftOut, Complete: err == nil, Seconds: took, Rate: float64(s.Made+s.There+s.Failed) / max(took, 0.001),
		FirstNotPicture: quoted(s.FirstNotPicture), FirstLeftOut: quoted(cmp.Or(s.FirstLeftOut, r.firstLeftOut)),
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
	case isUsage(err):
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
