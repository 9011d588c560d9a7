package explain

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// maxText is how much of a text of a client is repeated, in bytes.
const maxText = 2048

func shortened(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

func sides(w, h int) string { return fmt.Sprintf("%dx%d", w, h) }

func number(n int) string { return strconv.Itoa(n) }

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

// formatOf is the last part of a media type.
func formatOf(mediaType string) string {
	_, sub, _ := strings.Cut(mediaType, "/")
	return sub
}

// span is a duration in the largest unit that fits.
func span(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch n := int64(d / unit.of); {
		case n == 1:
			return "1 " + unit.name
		case n > 1:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return "less than a second"
}

// ago says how long ago a time was.
func (s *story) ago(t time.Time) string {
	d := s.Now().Sub(t)
	if d < 0 {
		return "in " + span(-d)
	}
	return span(d) + " ago"
}

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
