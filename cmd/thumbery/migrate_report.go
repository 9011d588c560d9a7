package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/migrate"
)

func printMigration(w io.Writer, r *migrate.Report, asJSON bool) error {
	if asJSON {
		return printJSON(w, r)
	}
	verb := "copied"
	if r.DryRun {
		verb = "would copy"
	}
	fmt.Fprintf(w, "%s: %s\n", verb, counted(eviction.Count{Files: r.Copied.Files, Bytes: r.Copied.Bytes}))
	fmt.Fprintf(w, "there already: %s\n", counted(eviction.Count{Files: r.There.Files, Bytes: r.There.Bytes}))
	printLines(w, []countLine{
		{r.Conflicts, "different there, and left so", r.FirstConflict},
		{r.Failed, "failed", r.FirstFailure},
		{r.Gone, "gone since they were listed", ""},
		{r.LeftOut, "left out, as no URL can name them, or they cannot be read", r.FirstLeftOut},
	})
	rate := ""
	if r.Copied.Bytes > 0 && !r.DryRun && r.Seconds > 0 {
		rate = fmt.Sprintf(", %s/s", humanize.IBytes(uint64(float64(r.Copied.Bytes)/r.Seconds)))
	}
	fmt.Fprintf(w, "took %.1f s%s\n", r.Seconds, rate)
	return nil
}

// migrationFailure says what kept it from being complete, or what could not be copied.
func migrationFailure(ctx context.Context, r *migrate.Report, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped; run it again to go on: what has been copied is not copied again")
	case err != nil:
		return fmt.Errorf("%w; run it again to go on", err)
	case r.Failed+r.Conflicts == 0:
		return nil
	}
	are := "are"
	if r.Conflicts == 1 {
		are = "is"
	}
	return &partlyError{fmt.Errorf("%s could not be copied, and %s %s different at the destination", plural(r.Failed, "file"), humanize.Comma(r.Conflicts), are)}
}
