package bitstream

import (
	"encoding/hex"
	"testing"
)

// TestHEVCSequence reads what x265 writes for still pictures, in colour and grey.
func TestHEVCSequence(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]Sequence{
		"0103700000030090000003000003001ea020810596eae4a6b9b81010302000000300200000030021": {Width: 64, Height: 64, Depth: 8},
		"010408000003009ff800000300001ec08204165bab929ae6c08000000300800000030084":         {Width: 64, Height: 64, Depth: 8, Grey: true},
	} {
		b, err := hex.DecodeString(set)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := HEVCSequence(b); !ok || got != want {
			t.Errorf("%s: %+v, %t, want %+v", set, got, ok, want)
		}
		for n := range b { // cut short, it says nothing or all that is read
			if got, ok := HEVCSequence(b[:n]); ok && got != want {
				t.Errorf("%d bytes of %s: %+v", n, set, got)
			}
		}
	}
}

// FuzzSequence: whatever is coded, reading it ends, and within bounds.
func FuzzSequence(f *testing.F) {
	f.Add([]byte{0x18, 0x15, 0x7f, 0xfc, 0x02, 0x68})
	f.Add([]byte("\x01\x03\x70\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x1e\xa0\x20\x81\x05\x96\xea\xe4\xa6\xb9\xb8\x10\x10\x30\x20\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func([]byte) (Sequence, bool){AV1Sequence, HEVCSequence} {
			if s, ok := read(b); ok && (s.Depth < 8 || s.Depth > 16) {
				t.Errorf("%+v", s)
			}
		}
	})
}
