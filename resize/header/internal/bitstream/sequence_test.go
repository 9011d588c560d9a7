package bitstream

import (
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
)

// TestHEVCSequence reads what x265 writes for still pictures, in colour and grey.
func TestHEVCSequence(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]Sequence{
		"0103700000030090000003000003001ea020810596eae4a6b9b81010302000000300200000030021": {Width: 64, Height: 64, Depth: 8, Colours: Colours{true, 2, 2, 6, true}},
		"010408000003009ff800000300001ec08204165bab929ae6c08000000300800000030084":         {Width: 64, Height: 64, Depth: 8, Grey: true, Colours: Colours{true, 2, 2, 2, true}},
	} {
		b, err := hex.DecodeString(set)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := HEVCSequence(b); !ok || got != want {
			t.Errorf("%s: %+v, %t, want %+v", set, got, ok, want)
		}
		for n := range b { // cut short, it says less or nothing
			got, ok := HEVCSequence(b[:n])
			if got.Colours != (Colours{}) && got.Colours != want.Colours || ok && got.Width != want.Width {
				t.Errorf("%d bytes of %s: %+v, %t", n, set, got, ok)
			}
		}
	}
}

// TestHEVCOrder reads a set whose numbers of the order of pictures have 2^32 bits, of which it
// says that there are 32: the work is bounded by its length.
func TestHEVCOrder(t *testing.T) {
	t.Parallel()
	golomb := func(n int) string { b := strconv.FormatInt(int64(n)+1, 2); return strings.Repeat("0", len(b)-1) + b }
	set := "00000001" + strings.Repeat("0", 88+8) + golomb(0) + golomb(1) + golomb(64) + golomb(64) + "0" + golomb(0) + golomb(0)
	set += golomb(1<<32-2) + "1" + strings.Repeat(golomb(0), 3+6) + "0" + "00" + "0" + golomb(0) + "1" + golomb(32)
	var b []byte
	for s := set + "1111111"; len(s) >= 8; s = s[8:] {
		n, _ := strconv.ParseUint(s[:8], 2, 8)
		b = append(b, byte(n))
	}
	// What escapes is inserted as an encoder would.
	got, ok := HEVCSequence(escaped(b))
	if want := (Sequence{Width: 64, Height: 64, Depth: 8}); !ok || got != want {
		t.Errorf("%+v, %t, want %+v", got, ok, want)
	}
}

// escaped is the reverse of unescaped.
func escaped(b []byte) (out []byte) {
	zeros := 0
	for _, x := range b {
		if zeros >= 2 && x <= 3 {
			out, zeros = append(out, 3), 0
		}
		if zeros++; x != 0 {
			zeros = 0
		}
		out = append(out, x)
	}
	return out
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
