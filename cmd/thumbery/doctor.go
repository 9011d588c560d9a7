package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/variant"
)

// doctorCmd takes the flags, and so the environment, of serve that name what is
// outside of the process.
type doctorCmd struct {
	formatFlags

	Cache  string       `default:"thumbery-cache" help:"The directory of the disk cache."`
	Source []sourceFlag `default:"${default_source}" sep:" " placeholder:"PREFIX=URL[,URL…]" help:"Where the originals are, as for serve."`
}

// verdict is what a check comes to.
type verdict string

const (
	good  verdict = "ok"
	slow  verdict = "slow"  // it works, and less well than it could
	wrong verdict = "wrong" // serve fails, or answers some requests with errors
)

// finding is one line of the doctor's.
type finding struct {
	verdict verdict
	about   string
	says    string // and what to do
}

// Run prints a line for each check, and fails if something is wrong.
func (c *doctorCmd) Run(stdout io.Writer) error {
	findings := slices.Concat(checkEngine(c.set()), checkMemory(), checkDescriptors(), checkCache(c.Cache), c.checkSources())
	bad := 0
	for _, f := range findings {
		fmt.Fprintf(stdout, "%-6s %-12s %s\n", f.verdict, f.about, f.says)
		if f.verdict == wrong {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("doctor: %d of %d checks found something wrong", bad, len(findings))
	}
	return nil
}

func checkEngine(asked resize.Formats) []finding {
	engine, err := vips.New(vips.Config{Formats: asked})
	if err != nil {
		return []finding{{wrong, "libvips", err.Error()}}
	}
	v, speed := engine.Versions(), engine.Speed()
	library := finding{good, "libvips", fmt.Sprintf("%s %s", v.Libvips, speed)}
	if advice := faster(speed); advice != "" {
		library.verdict, library.says = slow, library.says+"; "+advice
	}
	return []finding{library, formats("reads", v.Readable, needed(asked)), formats("writes", v.Writable, resize.WrittenFormats)}
}

// needed is what of the formats to be read libvips must have: what pages are made
// of, and what was asked for besides the default.
func needed(asked resize.Formats) resize.Formats {
	return asked & (resize.WrittenFormats | resize.AllFormats&^resize.DefaultFormats)
}

// formats says what there is, and what is missing of what is needed. That AVIF can
// be written has been tried by the engine, as libvips may have the saver without an
// encoder.
func formats(does string, have []variant.Format, needed resize.Formats) finding {
	if missing := needed.Without(have...).List(); len(missing) > 0 {
		return finding{wrong, does, fmt.Sprintf("%s, but not %s: install a libvips built with it", formatList(have), formatList(missing))}
	}
	return finding{good, does, formatList(have)}
}

// placeTimeout bounds what one place may take to answer, as in /readyz.
const placeTimeout = 5 * time.Second

// checkSources opens the sources as serve does, and asks all places at once.
func (c *doctorCmd) checkSources() []finding {
	var findings []finding
	var mounts storage.Mounts
	for _, s := range c.Source {
		places, err := openPlaces(s.Source)
		if err == nil {
			err = mounts.Add(s.Prefix, storage.Chain(places...))
		}
		if err != nil {
			findings = append(findings, finding{wrong, "source", fmt.Sprintf("%s: %v", s, err)})
		}
	}
	places := mounts.Places()
	answers := make([]finding, len(places))
	var all sync.WaitGroup
	for i, place := range places {
		all.Go(func() { answers[i] = askPlace(place) })
	}
	all.Wait()
	return append(findings, answers...)
}

// openPlaces opens every place of a source, with nothing around it.
func openPlaces(s storage.Source) (places []storage.Origin, err error) {
	for _, u := range slices.Concat(s.URLs...) {
		place, err := openPlace(u, s3.Options{})
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	return places, nil
}

func askPlace(place storage.Origin) finding {
	ctx, cancel := context.WithTimeout(context.Background(), placeTimeout)
	defer cancel()
	started := time.Now()
	err := place.Check(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return finding{wrong, "source", fmt.Sprintf("%s: no answer within %v", place, placeTimeout)}
	case err != nil:
		return finding{wrong, "source", oneLine(fmt.Sprintf("%s: %v", place, err))}
	}
	return finding{good, "source", fmt.Sprintf("%s answers, in %v", place, time.Since(started).Round(time.Millisecond))}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
