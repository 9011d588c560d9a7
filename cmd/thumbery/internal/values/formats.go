package values

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Formats is a list of formats, with commas between them.
type Formats header.Formats

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Formats) UnmarshalText(text []byte) error {
	*f = 0
	all := header.AllFormats.List()
	for name := range strings.SplitSeq(string(text), ",") {
		i := slices.IndexFunc(all, func(f variant.Format) bool { return f.String() == name })
		switch {
		case name == "auto":
			return errors.New(`"auto" is not a format; prime --all-formats replaces prime --formats auto`)
		case i < 0:
			return fmt.Errorf("%q is not one of %s", name, header.AllFormats)
		}
		*f = Formats(header.Formats(*f).With(all[i]))
	}
	return nil
}

// Words are what it may consist of.
func (*Formats) Words() []string { return strings.Split(header.AllFormats.String(), ",") }

// Auto is what f_auto may choose, a list or "none".
type Auto struct{ Formats []variant.Format }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Auto) UnmarshalText(text []byte) error {
	a.Formats = []variant.Format{}
	if string(text) == "none" {
		return nil
	}
	for word := range strings.SplitSeq(string(text), ",") {
		f, err := variant.ParseFormat(word)
		if err != nil || f != variant.AVIF && f != variant.JXL && f != variant.WebP {
			return fmt.Errorf("%q is not one of avif, jxl and webp; with commas between them, or none", word)
		}
		a.Formats = append(a.Formats, f)
	}
	return nil
}

// Words are what it may consist of.
func (*Auto) Words() []string { return []string{"avif", "jxl", "webp", "none"} }

// Quality is FORMAT=1..100.
type Quality struct {
	Format  variant.Format
	Quality int
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (q *Quality) UnmarshalText(text []byte) error {
	name, number, _ := strings.Cut(string(text), "=")
	format, err := variant.ParseFormat(name)
	if err != nil {
		return err
	}
	quality, err := strconv.Atoi(number)
	if err != nil || quality < 1 || quality > 100 {
		return fmt.Errorf("the quality of %s must be from 1 to 100, as in %s=80", name, name)
	}
	*q = Quality{format, quality}
	return nil
}
