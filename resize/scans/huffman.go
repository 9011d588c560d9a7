package scans

// huffman is what is known of a Huffman table.
type huffman struct {
	valid bool // decoders accept it
	small bool // all its symbols are lengths of DC differences
}

// takeHuffman takes note of the tables of a segment. What a decoder would find wrong in one
// that no scan uses, it does not look for.
func (p *picture) takeHuffman(body []byte) bool {
	const lengths, maxSymbols, maxDifference = 16, 256, 15
	for len(body) > 0 {
		class, slot := body[0]>>4, body[0]&15
		if class > 1 || slot > 3 || len(body) < 1+lengths {
			return false
		}
		n, t := 0, huffman{valid: true, small: true}
		code := 0
		for i, count := range body[1 : 1+lengths] {
			n += int(count)
			code += int(count)
			t.valid = t.valid && code < 1<<(i+1) // none is all ones
			code <<= 1
		}
		if n > maxSymbols || len(body) < 1+lengths+n {
			return false
		}
		for _, s := range body[1+lengths : 1+lengths+n] {
			t.small = t.small && s <= maxDifference
		}
		p.huffman[class][slot] = t
		body = body[1+lengths+n:]
	}
	return true
}
