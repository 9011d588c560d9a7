package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// The types of flags. Each reads its value by UnmarshalText, so that a wrong
// one is refused before anything has started.

// amount is a number with a unit: 64MiB, 100M.
type amount int64

func (a *amount) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > 1<<60 {
		return fmt.Errorf("%q is no amount such as 64MiB, 100M or 4096", text)
	}
	*a = amount(n)
	return nil
}

// sourceFlag is PREFIX=URL[,URL…].
type sourceFlag struct{ storage.Source }

func (s *sourceFlag) UnmarshalText(text []byte) (err error) {
	s.Source, err = storage.ParseSource(string(text))
	return err
}

// hostFlag is a host's name, in lower case.
type hostFlag string

func (h *hostFlag) UnmarshalText(text []byte) error {
	name := strings.ToLower(strings.TrimSuffix(string(text), "."))
	if !hostName.MatchString(name) {
		return fmt.Errorf("%q is no host's name such as thumbery or img-admin.example.com", text)
	}
	*h = hostFlag(name)
	return nil
}

// hostName takes underscores, which the names of containers may have.
var hostName = regexp.MustCompile(`^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$`)

// sizeFlag is one of --sizes.
type sizeFlag int

func (s *sizeFlag) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > variant.MaxSide {
		return fmt.Errorf("%q is no side from 1 to %d", text, variant.MaxSide)
	}
	*s = sizeFlag(n)
	return nil
}

// qualityFlag is FORMAT=1..100.
type qualityFlag struct {
	format  variant.Format
	quality int
}

func (q *qualityFlag) UnmarshalText(text []byte) error {
	name, number, _ := strings.Cut(string(text), "=")
	format, err := variant.ParseFormat(name)
	if err != nil {
		return err
	}
	quality, err := strconv.Atoi(number)
	if err != nil || quality < 1 || quality > 100 {
		return fmt.Errorf("the quality of %s must be from 1 to 100, as in %s=80", name, name)
	}
	*q = qualityFlag{format, quality}
	return nil
}

// linkFlags are the flags that decide how URLs are written and which are permitted;
// serve and url share them.
type linkFlags struct {
	Key    []string `secret:"" placeholder:"KID:SECRET" sep:" " help:"Sign URLs with this key, and serve only signed ones. Repeatable: the first signs, all are accepted. A secret has no spaces."`
	Preset []string `placeholder:"NAME=OPS" sep:" " help:"Options under a name, such as thumb=300x200,f_auto. Repeatable."`
}

func (f *linkFlags) keyring() (*variant.Keyring, error) {
	ring := &variant.Keyring{}
	for _, k := range f.Key {
		if err := ring.Add(k); err != nil {
			return nil, usage(fmt.Errorf("--key: %w", err))
		}
	}
	return ring, nil
}

func (f *linkFlags) presets() (variant.Presets, error) {
	presets := variant.Presets{}
	for _, p := range f.Preset {
		if err := presets.Add(p); err != nil {
			return nil, usage(fmt.Errorf("--preset: %w", err))
		}
	}
	return presets, nil
}

// permitFlags bound what can be asked for, and so what is worth being made.
type permitFlags struct {
	Sizes       []sizeFlag `placeholder:"300" help:"The only sides that may be asked for outside presets; and no v_, unless URLs are signed."`
	PresetsOnly bool       `help:"Serve nothing but presets, raw and info; and no v_ with these two, unless URLs are signed."`
}

func (f *permitFlags) validate(presets []string) error {
	if f.PresetsOnly && len(presets) == 0 {
		return errors.New("--presets-only: there are no presets: give --preset, too")
	}
	return nil
}

func (f *permitFlags) limits(signed bool) variant.Limits {
	l := variant.Limits{PresetsOnly: f.PresetsOnly, Signed: signed}
	for _, s := range f.Sizes {
		l.Sizes = append(l.Sizes, int(s))
	}
	return l
}
