package prime

import "testing"

// While pictures are listed nobody knows how many there are, and so there is no percentage.
func TestShow(t *testing.T) {
	t.Parallel()
	for listing, want := range map[bool]int{true: 0, false: 8} {
		shown := -1
		r := &Report{Show: func(_, all int, _ string) { shown = all }}
		r.Update(Progress{State: Running, Finished: 2, Pictures: 8, Listing: listing})
		if shown != want {
			t.Errorf("listing %v: of %d", listing, shown)
		}
	}
}
