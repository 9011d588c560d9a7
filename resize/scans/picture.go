package scans

// Bounds on what is read. Pictures beyond are left as they are.
const (
	maxScans      = 128 // as in package header
	maxComponents = 4
	maxParts      = maxScans + 16
)

// blockSize is the side of a block of coefficients, and coefficients their number.
const (
	blockSize    = 8
	coefficients = blockSize * blockSize
)

// picture is a progressive JPEG.
type picture struct {
	src        []byte
	end        int // of the end marker
	components [maxComponents]component
	n          int  // how many of components there are
	isRGB      bool // says Adobe's marker, or they may be
	scans      [maxScans]scan
	nScans     int
	parts      [maxParts]part // what is rewritten
	nParts     int

	quantization [maxComponents]steps // those that are defined, while reading
	huffman      [2][4]huffman        // for DC and AC
}

// part is a segment that is rewritten, from its marker on: the frame header, quantization
// tables, or a scan with its data.
type part struct {
	marker   byte
	from, to int
}

// component is one of the colours.
type component struct {
	id, h, v byte
	table    byte  // of quantization
	steps    steps // of that table when the first scan begins
	// bits is, for each coefficient in zigzag order, how many of its lowest bits are not
	// known from the scans read so far; -1 is all.
	bits [coefficients]int8
	// left is the same for the scans that are kept, all of which carry it alike.
	left [coefficients]int8
}

// steps are the quantization steps of coefficients in zigzag order, if they are defined.
type steps struct {
	of      [coefficients]uint16
	defined bool
}

// scan is a pass over some coefficients of some components.
type scan struct {
	components [maxComponents]int // their indices
	n          int                // how many there are
	first      byte               // coefficient in zigzag order
	last       byte
	// How many of the lowest bits were not known before, 0 if nothing was, and are not
	// after this scan. Both stand in one byte, which is the last one of head bytes.
	high, low int8
	head      int
	kept      bool
}
