package pdf

import (
	"bytes"
	"testing"
)

// What looks like dictionaries without an end, each within the next, is walked through
// no farther than all together may be long.
func TestPDFWalkIsBounded(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"/Type/Page ", "<</Type/Pages ", "/Type/Pages>>"} {
		p := &pdfReader{dicts: maxPDFDicts, walk: maxPDFWalk}
		p.find(bytes.Repeat([]byte(page), 2<<20/len(page)), -1)
		if walked := maxPDFWalk - p.walk; walked > 2*maxPDFWalk {
			t.Errorf("%s: %d bytes were walked through, the limit is %d", page, walked, maxPDFWalk)
		}
	}
}
