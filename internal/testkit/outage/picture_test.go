package outage

import (
	"testing"
)

// Every number can be read, and what is cut short or mixed is noticed.
func TestPicture(t *testing.T) {
	for n := 0; n < Numbers; n += 37 {
		body := Picture(n, 96, 64)
		if got, w, h, err := Number(body); got != n || w != 96 || h != 64 || err != nil {
			t.Fatalf("%d shows %d, %dx%d, %v", n, got, w, h, err)
		}
		if got, _, _, err := Number(body[:len(body)*3/4]); err == nil {
			t.Errorf("three quarters of %d show %d", n, got)
		}
	}
	if size := len(Picture(1, Width, Height)); size < 50_000 || size > 120_000 {
		t.Errorf("an original has %d bytes", size)
	}
}

// Numbers that differ in one bit differ in two cells.
func TestCheck(t *testing.T) {
	for n := range Numbers {
		for bit := range numberBits {
			if other := n ^ 1<<bit; check(n) == check(other) {
				t.Fatalf("%d and %d have the same sum", n, other)
			}
		}
	}
}
