package values

import (
	"errors"
	"net/url"
	"slices"

	"github.com/thumbery/thumbery/storage"
)

// Source is PREFIX=URL[,URL…].
type Source struct{ storage.Source }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Source) UnmarshalText(text []byte) (err error) {
	s.Source, err = storage.ParseSource(string(text))
	return err
}

// Sources are what flags have read.
func Sources(flags []Source) []storage.Source {
	sources := make([]storage.Source, len(flags))
	for i, s := range flags {
		sources[i] = s.Source
	}
	return sources
}

// Backend is the URL of one backend.
type Backend struct{ URL *url.URL }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Backend) UnmarshalText(text []byte) error {
	source, err := storage.ParseSource("/=" + string(text))
	if err != nil {
		return err
	}
	if urls := slices.Concat(source.URLs...); len(urls) == 1 {
		b.URL = urls[0]
		return nil
	}
	return errors.New("give one backend, not a chain or mirrors; write %2C for a comma and %7C for a bar in its name")
}
