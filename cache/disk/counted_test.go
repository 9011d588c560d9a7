package disk

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// The inventory counts what is stored and removed, and nothing else.
func TestCounted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inventory := NewInventory(dir)
	s, err := Open(dir, Mezzanines, Options{Inventory: inventory})
	if err != nil {
		t.Fatal(err)
	}
	source := variant.Key("a.jpg").Name()
	fill := func(name variant.Name, body io.Reader) {
		if b, err := s.Fill(t.Context(), name, body, time.Time{}); err == nil {
			b.Close()
		}
	}
	check := func(when string, files, bytes int64) {
		t.Helper()
		if got := inventory.Stock().Mezzanines; got.Files != files || got.Bytes != bytes {
			t.Errorf("%s: %+v, want %d files of %d bytes", when, got, files, bytes)
		}
	}
	fill(source, strings.NewReader("body"))
	fill(source+"-0123456789abcdef01234567", strings.NewReader("another"))
	check("two kept", 2, 11)
	fill(source, strings.NewReader(""))
	fill(source, iotest.ErrReader(errors.New("broken")))
	check("an empty body, and one that cannot be read", 2, 11)
	if _, _, err := s.RemoveSource(source); err != nil {
		t.Fatal(err)
	}
	if got := inventory.Stock().Mezzanines; got.Files >= 2 {
		t.Errorf("after it was forgotten: %+v", got)
	}
}
