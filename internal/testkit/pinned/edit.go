package pinned

import "strings"

// Edit replaces texts in a configuration file by others, in pairs. Each must be there
// exactly once, so that a test notices when the file has changed.
func Edit(t T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if n := strings.Count(text, pairs[i]); n != 1 {
			t.Fatalf("the configuration has %q %d times, and not once", pairs[i], n)
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}
