package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// TestPlainHEIF: what is prepared is neither turned nor cut, all that it says of places in
// the file is still true, and what needs no change is not copied.
func TestPlainHEIF(t *testing.T) {
	t.Parallel()
	endless := bytes.Clone(oddFile(t, "orientation-6.avif")) // whose last box goes on to the end
	binary.BigEndian.PutUint32(endless[bytes.LastIndex(endless, []byte("mdat"))-4:], 0)
	for name, src := range map[string][]byte{
		"scene.avif": nil, "scene.heic": nil, "exif.avif": nil, "alpha-premultiplied.avif": nil,
		"orientation-4.avif": nil, "orientation-6.heic": nil, "alpha-5.avif": nil, "alpha-cut.avif": nil, "alpha-shared.heic": nil,
		"of no length": endless,
	} {
		if src == nil {
			src = oddFile(t, name)
		}
		before := inspected(t, src)
		plain, err := Prepared(src, before.Format)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		after := inspected(t, plain)
		wantW, wantH := before.Decoded()
		if after.Orientation != 1 || after.Whole != (header.Whole{}) || after.Width != wantW || after.Height != wantH || after.Alpha != before.Alpha {
			t.Errorf("%s: %+v of %+v", name, after, before)
		}
		changes := before.Orientation != 1 || before.Whole != (header.Whole{}) || name == "alpha-shared.heic"
		if copied := &plain[0] != &src[0]; copied != changes {
			t.Errorf("%s: copied: %t", name, copied)
		}
	}
}

func inspected(t *testing.T, src []byte) header.Header {
	t.Helper()
	h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestPlainReferences: of several pictures that an item is for, the one that is shown
// remains, or else the first.
func TestPlainReferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, content, want string }{
		{"auxl", "\x00\x02\x00\x02\x00\x01\x00\x04", "\x00\x02\x00\x01\x00\x01"},
		{"auxl", "\x00\x02\x00\x02\x00\x04\x00\x01", "\x00\x02\x00\x01\x00\x01"},
		{"cdsc", "\x00\x02\x00\x02\x00\x04\x00\x05", "\x00\x02\x00\x01\x00\x04"},
		{"thmb", "\x00\x02\x00\x01\x00\x04", "\x00\x02\x00\x01\x00\x04"},
		{"dimg", "\x00\x02\x00\x02\x00\x04\x00\x01", "\x00\x02\x00\x02\x00\x04\x00\x01"},
		{"auxl", "\x00\x02\x00\x02", "\x00\x02\x00\x02"},
		{"auxl", "", ""},
	} {
		if got := plainReference(c.kind, []byte(c.content), 1, false); string(got) != c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.content, got, c.want)
		}
	}
	if got := plainReference("auxl", []byte("\x00\x00\x00\x02\x00\x02\x00\x00\x00\x04\x00\x00\x00\x01"), 1, true); string(got) != "\x00\x00\x00\x02\x00\x01\x00\x00\x00\x01" {
		t.Errorf("of four bytes: %q", got)
	}
}

func TestPlainHEIFRefuses(t *testing.T) {
	t.Parallel()
	whole := string(oddFile(t, "orientation-6.avif"))
	for name, src := range map[string]string{
		"cut short": whole[:len(whole)-1], "no meta": whole[:32], "nothing": "", "part of a box": whole + "\x00\x00\x00", "an empty meta": "\x00\x00\x00\x08meta",
	} {
		if out, err := Prepared([]byte(src), variant.AVIF); !errors.Is(err, header.ErrBroken) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
}
