package resizetest_test

import (
	"errors"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

func TestFake(t *testing.T) { resizetest.Run(t, new(resizetest.Fake)) }

func TestFakeCountsAndFails(t *testing.T) {
	t.Parallel()
	sad := errors.New("sad")
	f := &resizetest.Fake{Fail: sad, Formats: []variant.Format{variant.WebP}}
	if _, err := f.Resize(t.Context(), resize.InMemory(nil), header.Header{}, resize.Plan{}); err != sad {
		t.Errorf("got %v", err)
	}
	if f.Calls() != 1 || !f.CanWrite(variant.WebP) || f.CanWrite(variant.JPEG) {
		t.Errorf("%d calls, WebP %t, JPEG %t", f.Calls(), f.CanWrite(variant.WebP), f.CanWrite(variant.JPEG))
	}
}
