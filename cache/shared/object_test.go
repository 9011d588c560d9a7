package shared

import (
	"testing"
	"time"
)

func TestNote(t *testing.T) {
	t.Parallel()
	for _, date := range []time.Time{{}, time.Unix(0, 0).UTC(), time.Unix(-1e9, 0).UTC(), time.Unix(1.7e9, 0).UTC()} {
		o := Object{Sum: 0x1f, ModTime: date, MediaType: "image/webp"}
		got, err := parseNote(o.note("a"))
		if err != nil || got.Sum != sumWith(o.Sum, "a") || !got.ModTime.Equal(date) || got.ModTime.IsZero() != date.IsZero() || got.MediaType != o.MediaType {
			t.Errorf("%q: %+v, %v", o.note("a"), got, err)
		}
	}
}

func FuzzNote(f *testing.F) {
	for _, note := range []string{
		"", "1 0 00000000 x", "1 - ffffffff image/jpeg", "1 - ffffffff ", "1  ffffffff x", "2 0 00000000 x", "1 0 0000000 x", "1 0 0000000g x",
		"1 9999999999999999999 00000000 x", "1 253402300800 00000000 x", "1 -9223372036854775808 00000000 x", "1 0 00000000 x y", "1 0 00000000", "1 0 +0000000 x", "1 0x1 00000000 x",
	} {
		f.Add(note)
	}
	f.Fuzz(func(t *testing.T, note string) {
		o, err := parseNote(note)
		if err != nil {
			return
		}
		again, err := parseNote(o.note(""))
		if err != nil || again.Sum != o.Sum || !again.ModTime.Equal(o.ModTime) || again.MediaType != o.MediaType {
			t.Errorf("%q: %+v, and again %+v, %v", note, o, again, err)
		}
		if y := o.ModTime.Year(); !o.ModTime.IsZero() && (y < -6062 || y > 9999) {
			t.Errorf("%q: the year %d", note, y)
		}
	})
}
