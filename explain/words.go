package explain

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

func sides(w, h int) string { return fmt.Sprintf("%dx%d", w, h) }

func bytesOf(n int64) string { return humanize.Comma(n) + " bytes" }

// named is a format as people write it, with its article.
func named(f variant.Format) string {
	if f == variant.SVG || f == variant.AVIF || f == variant.HEIC {
		return "an " + proper(f)
	}
	return "a " + proper(f)
}

// proper is a format as people write it.
func proper(f variant.Format) string {
	switch f {
	case variant.WebP:
		return "WebP"
	case variant.JXL:
		return "JPEG XL"
	case variant.JP2:
		return "JPEG 2000"
	}
	return strings.ToUpper(f.String())
}

// typeNamed is named for a media type of a derivative.
func typeNamed(mediaType string) string {
	for _, f := range resize.WrittenFormats.List() {
		if header.MediaType(f) == mediaType {
			return named(f)
		}
	}
	return mediaType
}

// span is a duration in the largest unit that fits.
func span(d time.Duration) string {
	return strings.TrimSpace(humanize.RelTime(time.Time{}, time.Time{}.Add(d), "", ""))
}

// ago says how long ago a time was, or how far away it is.
func (s *story) ago(t time.Time) string { return humanize.RelTime(t, s.Now(), "ago", "from now") }

// at is a time, and how long ago it was.
func (s *story) at(t time.Time) string {
	return t.UTC().Format(time.RFC3339) + " (" + s.ago(t) + ")"
}

// known is a time as programs read it; nil if it is zero.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// reason is an error without the kind that its status says.
func reason(err error) string {
	if e, ok := errors.AsType[*variant.Error](err); ok {
		return e.Error()
	}
	if errors.Is(err, storage.ErrNotFound) {
		return "its original does not exist"
	}
	return err.Error()
}

// sentence writes a reason as a sentence.
func sentence(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(first)) + ended(s[n:])
}

// ended ends a text with a full stop, unless it has an end.
func ended(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}
