package hostile

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/variant"
)

func mutator(t *testing.T, seed uint64) *Mutator {
	t.Helper()
	m, err := NewMutator(os.DirFS("../../../testdata"), seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// reseeded returns a Mutator of the same pictures as m, which take long to make.
func reseeded(m *Mutator, seed uint64) *Mutator {
	other := *m
	other.seed = seed
	return &other
}

// The same seed gives the same files, another one others; each is asked for by
// options that are right.
func TestMutator(t *testing.T) {
	t.Parallel()
	a, again := mutator(t, 1), mutator(t, 1)
	other := reseeded(a, 2)
	same := 0
	for n := range 96 {
		x, y := a.Make(n), again.Make(n)
		if !bytes.Equal(x.Data, y.Data) || x.Name != y.Name || x.Options != y.Options {
			t.Errorf("%s and %s", x.Name, y.Name)
		}
		if bytes.Equal(x.Data, other.Make(n).Data) {
			same++
		}
		if _, err := variant.Parse(x.Options); err != nil || len(x.Data) == 0 || formats[filepath.Ext(x.Name)] != x.Format {
			t.Errorf("/%s/%s: %d bytes, %v", x.Options, x.Name, len(x.Data), err)
		}
	}
	if same > 3 {
		t.Errorf("%d files are the same by another seed", same)
	}
}

// A file that is taken apart and put together is the same, and so is every part of
// it that is not to change.
func TestParts(t *testing.T) {
	for name, f := range map[string]struct {
		split func([]byte) []*part
		join  func([]*part) []byte
	}{
		"alpha.png": {pngParts, joinPNG}, "exif.jpg": {jpegParts, joinJPEG}, "scans.jpg": {jpegParts, joinJPEG}, "animated.webp": {webpParts, joinWebP},
		"exif.avif": {boxParts, joinBoxes}, "scene.heic": {boxParts, joinBoxes}, "orientation-6.jxl": {boxParts, joinBoxes}, "scene.jp2": {boxParts, joinBoxes},
	} {
		b, err := os.ReadFile("../../../testdata/odd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all := f.split(b)
		if got := f.join(all); !bytes.Equal(got, b) || len(all) < 2 {
			t.Errorf("%s: %d bytes in %d parts become %d bytes", name, len(b), len(all), len(got))
		}
	}
}

// Damage in the pixels of a PNG leaves its checksums right.
func TestInPixels(t *testing.T) {
	whole := odd.PNG{Width: 30, Height: 20, Depth: 8, Colour: odd.PNGRGB}.Encode()
	other := 0
	for n := range uint64(50) {
		b := inPixels(rand.New(rand.NewPCG(n, 0)), bytes.Clone(whole), nil)
		if _, err := png.Decode(bytes.NewReader(b)); err != nil && strings.Contains(err.Error(), "checksum") {
			t.Error(err)
		}
		if !bytes.Equal(b, whole) {
			other++
		}
	}
	if other < 40 {
		t.Errorf("%d of 50 are other files", other)
	}
}

// An attack asks for each file, gives the server its bytes, keeps what came out
// wrong or crashed, and ends when its time is over, but not before it has done one of each
// format.
func TestAttack(t *testing.T) {
	t.Parallel()
	dir, keep := t.TempDir(), t.TempDir()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number, _, _ := strings.Cut(filepath.Base(r.URL.Path), "-")
		if _, err := os.Stat(filepath.Join(dir, filepath.Base(r.URL.Path))); err != nil {
			t.Error(err)
		}
		switch number {
		case "3":
			w.WriteHeader(http.StatusInternalServerError)
		case "4":
			http.Error(w, `{"type":"urn:thumbery:too-slow"}`, http.StatusServiceUnavailable)
		case "5":
			http.Error(w, `{"type":"urn:thumbery:no-process"}`, http.StatusServiceUnavailable)
		case "7":
			http.Error(w, `{"type":"urn:thumbery:busy"}`, http.StatusServiceUnavailable)
		case "6":
			http.Error(w, `{"type":"urn:thumbery:crashed"}`, http.StatusInternalServerError)
		}
	}))
	defer s.Close()
	a := &Attack{Client: outage.NewClient(s.URL, 4), Mutator: mutator(t, 1), Dir: dir, Keep: keep, Clients: 4}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for ctx, want := range map[context.Context]int{t.Context(): 30, over: len(formats)} {
		a.asked = 0
		result := a.Run(ctx, 30)
		done := 0
		for _, format := range a.Mutator.Formats() {
			done += result.Done(format)
		}
		if done != want || len(result.Wrong()) != 2 || len(result.Slow()) != 3 || len(result.Crashed()) != 1 || result.Slowest() <= 0 ||
			!strings.HasPrefix(result.String(), fmt.Sprintf("%d with 200, 2 with 500, 3 with 503", want-5)) {
			t.Errorf("%d, %s, wrong: %v", done, result, result.Wrong())
		}
	}
	if result := a.Run(t.Context(), 30); len(result.Wrong()) > 0 {
		t.Errorf("asked for again: %v", result.Wrong())
	}
	s.Close()
	if result := a.Run(t.Context(), 30); len(result.Wrong()) < 1 || len(result.Wrong()) > a.Clients {
		t.Errorf("of a server that died: %s, wrong: %v", result, result.Wrong())
	}
	if files, err := os.ReadDir(keep); err != nil || len(files) < 4 {
		t.Errorf("%v, %v", files, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// What takes the place of a word or number leaves the text around it.
func TestInWords(t *testing.T) {
	const text = `<circle r="40" cx="7"/>`
	seen := map[string]bool{}
	for n := range uint64(100) {
		b := string(inWords(rand.New(rand.NewPCG(n, 0)), []byte(text), []byte("<rect>")))
		if strings.Count(b, `"`) != 4 || !strings.HasPrefix(b, "<") || !strings.HasSuffix(b, `"/>`) {
			t.Error(b)
		}
		seen[b] = true
	}
	if len(seen) < 20 || !seen[`<circle r="40" cx="0"/>`] || !seen[`<circle rect="40" cx="7"/>`] {
		t.Errorf("%d texts: %v", len(seen), seen)
	}
	if b := inWords(rand.New(rand.NewPCG(1, 1)), []byte("<>"), nil); string(b) != "<>" {
		t.Errorf("%q", b)
	}
}
