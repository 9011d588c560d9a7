package storage_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/thumbery/thumbery/storage"
)

func compressed(t *testing.T, w io.WriteCloser, b *bytes.Buffer, data string) []byte {
	t.Helper()
	if _, err := io.WriteString(w, data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(b.Bytes())
}

func TestEncoding(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "", "identity": "", "aws-chunked": "", "utf-8": "", "base64": "", "gzip": "gzip", " X-GZip ": "gzip", "aws-chunked, gzip": "gzip", "br": "br", "gzip,br": "gzip, br",
	} {
		if got := storage.Encoding(header); got != want {
			t.Errorf("%q is %q, want %q", header, got, want)
		}
	}
}

// TestDecode: what was encoded, or an error that says why not.
func TestDecode(t *testing.T) {
	t.Parallel()
	const text = "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='3'/>"
	var b bytes.Buffer
	zipped := compressed(t, gzip.NewWriter(&b), &b, text)
	b.Reset()
	deflated := compressed(t, zlib.NewWriter(&b), &b, text)
	b.Reset()
	raw, _ := flate.NewWriter(&b, 6)
	bare := compressed(t, raw, &b, text)
	broken := errors.New("broken line")
	down := storage.Unavailable(t.Context(), "b", broken)
	for name, c := range map[string]struct {
		encoding string
		body     io.Reader
		want     string
		err      error
	}{
		"not encoded":           {"", bytes.NewReader(zipped), string(zipped), nil},
		"gzip":                  {"gzip", bytes.NewReader(zipped), text, nil},
		"in two members":        {"gzip", bytes.NewReader(append(bytes.Clone(zipped), zipped...)), text + text, nil},
		"byte by byte":          {"gzip", iotest.OneByteReader(bytes.NewReader(zipped)), text, nil},
		"deflate":               {"deflate", bytes.NewReader(deflated), text, nil},
		"not what it says":      {"gzip", bytes.NewReader([]byte(text)), text, nil},
		"deflate, not said so":  {"deflate", bytes.NewReader(bare), string(bare), nil},
		"empty":                 {"gzip", bytes.NewReader(nil), "", nil},
		"a byte":                {"gzip", bytes.NewReader([]byte{0x1f}), "\x1f", nil},
		"cut":                   {"gzip", bytes.NewReader(zipped[:len(zipped)-3]), text, storage.ErrRefused},
		"damaged":               {"gzip", bytes.NewReader(append(bytes.Clone(zipped[:len(zipped)-8]), make([]byte, 8)...)), text, storage.ErrRefused},
		"no header":             {"gzip", bytes.NewReader(zipped[:5]), "", storage.ErrRefused},
		"the backend goes down": {"gzip", io.MultiReader(bytes.NewReader(zipped[:30]), iotest.ErrReader(down)), "", broken},
		"another":               {"br", bytes.NewReader(zipped), "", storage.ErrRefused},
		"two":                   {"gzip, gzip", bytes.NewReader(zipped), "", storage.ErrRefused},
	} {
		o := &storage.Object{Body: io.NopCloser(c.body), Size: 99, Encoding: c.encoding}
		err := o.Decode(t.Context(), "backend")
		var got []byte
		if err == nil {
			got, err = io.ReadAll(o.Body)
			if n, again := o.Body.Read(make([]byte, 9)); n != 0 || (again == nil || errors.Is(again, io.EOF)) != (err == nil) && c.err != broken {
				t.Errorf("%s: then %d bytes, %v", name, n, again)
			}
			if wantSize := map[bool]int64{true: -1, false: 99}[c.encoding != ""]; o.Size != wantSize || o.Encoding != "" {
				t.Errorf("%s: size %d, encoding %q", name, o.Size, o.Encoding)
			}
		}
		if c.err == broken {
			if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrRefused) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if string(got) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v, want %q, %v", name, got, err, c.want, c.err)
		}
	}
}
