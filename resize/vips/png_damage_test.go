package vips

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/header"
)

// pngAround is a PNG in RGB of 8 bits around compressed rows, with right checksums.
func pngAround(w, h int, idat []byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	return bytes.Join([][]byte{
		[]byte("\x89PNG\r\n\x1a\n"), odd.Chunk("IHDR", append(head, 8, 2, 0, 0, 0)), odd.Chunk("IDAT", idat), odd.Chunk("IEND", nil),
	}, nil)
}

// noisyRows are rows that hardly compress, each behind its filter.
func noisyRows(w, h int) []byte {
	rows := make([]byte, (3*w+1)*h)
	for i, v := 0, uint32(1); i < len(rows); i++ {
		if v = v*1664525 + 1013904223; i%(3*w+1) != 0 {
			rows[i] = byte(v >> 24)
		}
	}
	return rows
}

// TestPNGDamageBehindChecksums: where the checksums hide what is wrong, it is the
// picture's fault nevertheless, in whichever row and step it shows.
func TestPNGDamageBehindChecksums(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, size := range sample.Every(3, [][2]int{{1, 1}, {3, 2}, {17, 9}, {8, 20}, {9, 33}, {40, 51}, {200, 306}}) {
		w, h := size[0], size[1]
		rows, line := noisyRows(w, h), 3*w+1
		filter := func(row int) []byte {
			b := bytes.Clone(rows)
			b[row*line] = 7
			return packed(b)
		}
		whole := packed(rows)
		for name, idat := range map[string][]byte{
			"the first filter": filter(0), "the last filter": filter(h - 1), "a row too few": packed(rows[:len(rows)-line]),
			"a byte too few": packed(rows[:len(rows)-1]), "no row": packed(nil), "nothing": {}, "no zlib": bytes.Repeat([]byte{0xff}, 99),
			"half of the stream": whole[:len(whole)/2], "a wrong block": append(bytes.Clone(whole[:2]), 0xff, 0xff, 0xff),
		} {
			for _, ops := range []string{plainly, "4x,f_jpeg", "3x3,f_webp", "trim,f_png", "600x,up_1,blur_3", "60x40,fit_contain,bg_ff0000,f_png", "info"} {
				if _, err := asked(e, pngAround(w, h, idat), ops); !errors.Is(err, header.ErrBroken) {
					t.Errorf("%s of %dx%d, %s: %v, want ErrBroken", name, w, h, ops, err)
				}
			}
		}
		for name, idat := range map[string][]byte{"a row too many": packed(append(bytes.Clone(rows), rows[:line]...)), "bytes behind": append(whole, 1, 2, 3)} {
			if _, err := asked(e, pngAround(w, h, idat), "4x,f_jpeg"); err != nil {
				t.Errorf("%s of %dx%d: %v, though the picture is there", name, w, h, err)
			}
		}
	}
}
