// Package scans leaves out those scans of a progressive JPEG that the result does not need.
//
// A progressive JPEG has its coefficients in some ten scans: first passes, each with the
// upper bits of a band of frequencies, and refinements with one bit more. A decoder that
// shrinks by 2, 4 or 8 hardly uses the high frequencies, and a resizer averages away what
// is coarse. Yet decoders decode all scans, and that takes two to three times as long as
// decoding those that are needed.
//
// What is left is a progressive JPEG like any other. A coefficient whose n last bits
// are left out is written divided by 2^n, and its quantization step is multiplied by 2^n. One
// of which nothing is left gets a quantization step of 0, which also keeps libjpeg from
// estimating it from neighbouring blocks.
package scans

// Use is what becomes of a picture.
type Use struct {
	Shrink int     // how many times smaller it is decoded: 2, 4 or 8, or 1 for as it is
	Left   float64 // how many times smaller it then becomes; 1 for as it is decoded
}

// Needed returns jpeg without the scans that u does not need. It returns jpeg itself if all
// are needed, which they are at a Shrink of 1, and if that is anything but a whole
// progressive JPEG with Huffman coding, of 8 bits, whose scans build on one another until
// all is known: of everything else a decoder is to say what is wrong. Damage in the data of a
// scan that is left out, and in Huffman tables that no other scan uses, is not noticed. What
// follows the end of the picture is left out, too. jpeg is not changed.
//
// libjpeg decodes the result, at that Shrink, to nearly the same pixels, and at 8 to the
// same.
func Needed(jpeg []byte, u Use) []byte {
	p := picture{src: jpeg}
	if !p.leavesOut(u) {
		return jpeg
	}
	return p.rewritten()
}

// LeftOut returns the numbers of the scans, from 1, that Needed leaves out.
func LeftOut(jpeg []byte, u Use) (numbers []int) {
	p := picture{src: jpeg}
	if !p.leavesOut(u) {
		return nil
	}
	for i := range p.scans {
		if !p.scans[i].kept {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

// leavesOut reads a picture and marks the scans that are kept, and reports whether there are
// others.
func (p *picture) leavesOut(u Use) bool {
	shrinks := u.Shrink == 2 || u.Shrink == 4 || u.Shrink == 8
	return shrinks && p.read() && p.choose(u)
}
