package excerpt

import (
	"fmt"
	"testing"
	"unicode/utf8"
)

// A text is cut between characters.
func TestOf(t *testing.T) {
	t.Parallel()
	const most = 2048
	for n := range 4 {
		text := fmt.Sprintf("%*s", n, "")
		for len(text) <= most {
			text += "\U0001f408"
		}
		if got := Of(text); !utf8.ValidString(got) || len(got) > most+len("…") || len(got) < most {
			t.Errorf("%d bytes, and ends with %q", len(got), got[len(got)-8:])
		}
	}
	if got := Of("short\xff"); got != "short\xff" {
		t.Errorf("%q", got)
	}
}
