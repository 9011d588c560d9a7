package variant

import (
	"fmt"
	"strings"
	"testing"
)

// TestDiagnoseIsBounded: neither a long path nor many presets have more than maxOtherOps tried,
// and the same presets are tried each time.
func TestDiagnoseIsBounded(t *testing.T) {
	t.Parallel()
	presets := Presets{}
	for i := range 100 {
		if err := presets.Add(fmt.Sprintf("p%02d=32x32", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, ops := range []string{"", "300x", "300x,f_auto", strings.Repeat(",", 2900)} {
		all := Path{Ops: ops, Key: "cat.jpg"}.otherOps(presets)
		if len(all) != maxOtherOps {
			t.Errorf("%.20q: %d are tried", ops, len(all))
		}
		changes := 5 + min(strings.Count(ops, ",")+1, maxOtherOps/2)
		for i, name := range all[changes:] {
			if name != fmt.Sprintf("p%02d", i) {
				t.Errorf("%.20q: preset %d is %s", ops, i, name)
			}
		}
	}
}
