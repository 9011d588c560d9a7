package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
)

func encodePNG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	err := enc.Encode(&b, m)
	return b.Bytes(), err
}

// rawPNG is a PNG of samples that are laid out already, each row behind its
// filter byte, for what image/png does not write.
type rawPNG struct {
	w, h       int
	depth      byte // bits a sample
	colour     byte // 0 grey, 2 RGB, 4 grey and alpha
	interlaced bool
	rows       []byte
	icc        []byte // a profile, if not empty
}

const (
	pngGray      = 0
	pngRGB       = 2
	pngGrayAlpha = 4
)

func (p rawPNG) encode() ([]byte, error) {
	packed, err := deflate(p.rows)
	if err != nil {
		return nil, err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(p.w))
	head = binary.BigEndian.AppendUint32(head, uint32(p.h))
	head = append(head, p.depth, p.colour, 0, 0, 0)
	if p.interlaced {
		head[len(head)-1] = 1
	}
	out := []byte("\x89PNG\r\n\x1a\n")
	out = chunk(out, "IHDR", head)
	if len(p.icc) > 0 {
		icc, err := deflate(p.icc)
		if err != nil {
			return nil, err
		}
		out = chunk(out, "iCCP", append([]byte("ICC\x00\x00"), icc...))
	}
	out = chunk(out, "IDAT", packed)
	return chunk(out, "IEND", nil), nil
}

func deflate(data []byte) ([]byte, error) {
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err = z.Close()
	return packed.Bytes(), err
}

// chunk appends a chunk with its length and checksum.
func chunk(out []byte, name string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	at := len(out)
	out = append(append(out, name...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[at:]))
}

// interlacedPNG stores m in Adam7's seven passes, unfiltered.
func interlacedPNG(m image.Image) ([]byte, error) {
	p := rawPNG{w: m.Bounds().Dx(), h: m.Bounds().Dy(), depth: 8, colour: pngRGB, interlaced: true}
	// First column and row of each pass and their steps (PNG, 8.2).
	for _, pass := range [][4]int{
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		if pass[0] >= p.w {
			continue
		}
		for y := pass[1]; y < p.h; y += pass[3] {
			p.rows = append(p.rows, 0)
			for x := pass[0]; x < p.w; x += pass[2] {
				r, g, b, _ := m.At(x, y).RGBA()
				p.rows = append(p.rows, byte(r>>8), byte(g>>8), byte(b>>8))
			}
		}
	}
	return p.encode()
}

// grayAlphaPNG is a white disc with a soft edge, in grey and alpha.
func grayAlphaPNG(side int) ([]byte, error) {
	p := rawPNG{w: side, h: side, depth: 8, colour: pngGrayAlpha}
	disc := softDisc(side)
	for y := range side {
		p.rows = append(p.rows, 0)
		for x := range side {
			p.rows = append(p.rows, 255, disc(x, y))
		}
	}
	return p.encode()
}

// bombPNG declares ten gigabytes of pixels and holds a few rows; every
// checksum is right.
func bombPNG() ([]byte, error) {
	const side, rows = 60000, 8
	return rawPNG{w: side, h: side, depth: 8, colour: pngRGB, rows: make([]byte, rows*(1+3*side))}.encode()
}
