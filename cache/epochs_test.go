package cache

import (
	"testing"

	"github.com/thumbery/thumbery/variant"
)

const (
	epochOriginal   variant.Name = "3fa0c1d2e3f405162738495a6b7c8d9e"
	epochDerivative              = epochOriginal + "-0123456789abcdef01234567"
	epochOther      variant.Name = "3fa1c1d2e3f405162738495a6b7c8d9e"
)

// The epoch of a picture ends for all of its names, and for no picture whose name begins
// differently.
func TestEpochs(t *testing.T) {
	t.Parallel()
	var e Epochs
	before, other := e.At(epochDerivative), e.At(epochOther)
	e.Advance(epochOriginal)
	if e.At(epochDerivative) == before || e.At(epochDerivative) != e.At(epochOriginal) {
		t.Errorf("the derivative is in epoch %d, the original in %d", e.At(epochDerivative), e.At(epochOriginal))
	}
	if e.At(epochOther) != other {
		t.Error("the epoch of another picture has ended")
	}
	for _, name := range []variant.Name{"0000", "ffff", "9abc", "a9f0"} { // within bounds
		e.Advance(name)
		if e.At(name) != 1 {
			t.Errorf("%s is in epoch %d, want 1", name, e.At(name))
		}
	}
}

// A value counts in the epoch in which it was found out, also if it comes late.
func TestEpochMap(t *testing.T) {
	t.Parallel()
	var e Epochs
	m := NewEpochMap(1<<20, func(string) int { return 0 }, &e)
	want := func(when string, want bool) {
		t.Helper()
		if v, ok := m.Get(epochOriginal); ok != want || ok && v != "value" {
			t.Errorf("%s: Get = %q, %v", when, v, ok)
		}
	}
	want("empty", false)
	epoch := e.At(epochOriginal)
	m.Put(epochOriginal, epoch, "value")
	want("put", true)
	e.Advance(epochOriginal)
	want("in the next epoch", false)
	m.Put(epochOriginal, epoch, "value")
	want("put too late", false)
	m.Put(epochOriginal, e.At(epochOriginal), "value")
	want("put again", true)
	m.Forget(epochOriginal)
	want("forgotten", false)
	if m.Len() != 0 {
		t.Errorf("%d values are left", m.Len())
	}
}
