package resize

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// failing is an io.ReaderAt that fails.
type failing struct{ error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.error }

func TestSourceBytes(t *testing.T) {
	t.Parallel()
	data := []byte("a picture")
	if got, err := InMemory(data).Bytes(); err != nil || &got[0] != &data[0] {
		t.Errorf("in memory: %q, %v, or it was copied", got, err)
	}
	for _, tt := range []struct {
		name   string
		source Source
		want   string
		err    error
	}{
		{"a reader", Source{At: strings.NewReader("a picture"), Size: 9}, "a picture", nil},
		{"no bytes", InMemory(nil), "", nil},
		{"cut short", Source{At: strings.NewReader("a pic"), Size: 9}, "", io.ErrUnexpectedEOF},
		{"unreadable", Source{At: failing{iotest.ErrTimeout}, Size: 9}, "", iotest.ErrTimeout},
	} {
		if got, err := tt.source.Bytes(); string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}
