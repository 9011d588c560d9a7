package originals_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"testing"

	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/storage"
)

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An original that its origin has compressed is kept as it was, for pictures and as it is;
// one that is larger then than originals may be is refused before it is kept.
func TestEncoded(t *testing.T) {
	t.Parallel()
	whole := picture(80, 60)
	for name, c := range map[string]struct {
		body     []byte
		encoding string
		err      error
	}{
		"gzip":      {zipped(t, whole), "gzip", nil},
		"not so":    {whole, "gzip", nil},
		"a bomb":    {zipped(t, make([]byte, 64<<20)), "gzip", originals.ErrTooManyBytes},
		"cut":       {zipped(t, whole)[:500], "gzip", storage.ErrRefused},
		"not known": {zipped(t, whole), "br", storage.ErrRefused},
	} {
		s := newStore()
		s.origin.Put("cat.jpg", c.body)
		s.origin.SetEncoding("cat.jpg", c.encoding)
		o, h, err := s.OpenInspected(t.Context(), cat, originals.Inspection{Page: 1})
		if !errors.Is(err, c.err) || err == nil && (h.Width != 80 || o.Blob.Size != int64(len(whole))) {
			t.Errorf("%s: %+v, %v, want %v", name, h, err, c.err)
		}
		if err != nil {
			if s.IsCached(cat) {
				t.Errorf("%s: it was kept", name)
			}
			continue
		}
		o.Blob.Close()
		raw, mediaType, err := s.OpenRaw(t.Context(), cat)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := raw.Blob.Bytes(); err != nil || !bytes.Equal(got, whole) || mediaType != "image/jpeg" {
			t.Errorf("%s: %d bytes of %s, %v", name, len(got), mediaType, err)
		}
		raw.Blob.Close()
	}
}
