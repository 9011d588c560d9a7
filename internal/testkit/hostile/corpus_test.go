package hostile

import (
	"os"
	"path/filepath"
	"testing"
)

// mostBytes is what of an original is fetched by default.
const mostBytes = 64 << 20

// Each file of the corpus can be made, is small enough to be fetched, and says what
// is right for it.
func TestCorpus(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Corpus(os.DirFS("../../../testdata")) {
		b, err := f.Data()
		if err != nil || len(b) == 0 || len(b) > mostBytes {
			t.Errorf("%s: %d bytes, %v", f.Name, len(b), err)
		}
		if seen[f.Name] || filepath.Ext(f.Name) == "" || f.Kind == "" || len(f.Right) == 0 {
			t.Errorf("%+v", f)
		}
		if !f.Answered(503) || f.Answered(500) != (f.Name == "crash.svg") {
			t.Errorf("%s: 503 is right, and 500 is not", f.Name)
		}
		seen[f.Name] = true
	}
}
