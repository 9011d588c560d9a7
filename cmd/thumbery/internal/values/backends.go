package values

import (
	"errors"
	"net/url"
	"slices"

	"github.com/thumbery/thumbery/storage"
)

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
