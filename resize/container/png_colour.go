package container

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
)

// pngColours are the chunks, up to the first of pixels or palette, that say which colours the
// samples of a PNG are.
type pngColours struct {
	grey                         bool
	cICP, iCCP, sRGB, gAMA, cHRM []byte // nil if there is none
}

func pngColoursOf(src []byte) (p pngColours) {
	for c := range pngChunks(src) {
		if c.kind == "IDAT" || c.kind == "PLTE" || !c.whole {
			break
		}
		content := src[c.off+8 : c.end-4]
		if c.kind == "IHDR" && len(content) == 13 {
			p.grey = content[9]&2 == 0
		}
		if field := p.of(c.kind); field != nil && *field == nil {
			*field = content
		}
	}
	return p
}

// of is where the content of a kind of chunk belongs, nil if that says nothing of colours.
func (p *pngColours) of(kind string) *[]byte {
	switch kind {
	case "cICP":
		return &p.cICP
	case "iCCP":
		return &p.iCCP
	case "sRGB":
		return &p.sRGB
	case "gAMA":
		return &p.gAMA
	case "cHRM":
		return &p.cHRM
	}
	return nil
}

// profile is that by which the samples are read, nil for sRGB; own says that it is the one in
// the file. cICP takes precedence over iCCP, that over sRGB, and that over gAMA with cHRM (PNG,
// third edition, 4.3). What of cICP no profile can express, above all HDR, is of kind
// header.ErrNotPicture, but where the file has a profile for those who do not know cICP.
func (p pngColours) profile() (profile []byte, own bool, err error) {
	switch {
	case len(p.cICP) == 4:
		if profile, ok := icc.FromCICP(p.cICP[0], p.cICP[1], p.grey); ok && p.cICP[2] == 0 && p.cICP[3] == 1 {
			return profile, false, nil
		}
		if p.iCCP == nil {
			return nil, false, fmt.Errorf("%w: a PNG whose colours are %d in cICP", header.ErrNotPicture, p.cICP)
		}
		return nil, true, nil
	case p.iCCP != nil:
		return nil, true, nil
	case p.sRGB == nil && len(p.gAMA) == 4:
		return p.gamma(), false, nil
	}
	return nil, false, nil
}

// Exponents that gAMA may be the inverse of, times 100,000. What is beyond is no picture's.
const (
	leastGamma = 10_000
	mostGamma  = 1_000_000
)

// gamma is the profile that gAMA and cHRM describe, nil if that is sRGB, and where gAMA is
// nonsense. Wrong primaries, and none, are those of sRGB. 1/2.2 is how sRGB's curve is written
// there, and 5% more or less is what nobody sees.
func (p pngColours) gamma() []byte {
	g := binary.BigEndian.Uint32(p.gAMA)
	if g < leastGamma || g > mostGamma {
		return nil
	}
	curve, usual := icc.Curve{1e5 / float64(g)}, math.Abs(float64(g)*2.2/1e5-1) < 0.05
	if p.grey {
		if usual {
			return nil
		}
		return icc.MakeGrey(curve)
	}
	primaries := p.primaries()
	if usual && icc.IsSRGB(icc.Make(primaries, icc.SRGBCurve)) {
		return nil
	}
	return icc.Make(primaries, curve)
}

// primaries are those of cHRM, if they span colours, otherwise those of sRGB.
func (p pngColours) primaries() icc.Primaries {
	if len(p.cHRM) == 32 {
		var xy [4]icc.XY
		for i := range 8 {
			xy[i/2][i%2] = float64(binary.BigEndian.Uint32(p.cHRM[4*i:])) / 1e5
		}
		if own := (icc.Primaries{White: xy[0], Red: xy[1], Green: xy[2], Blue: xy[3]}); icc.Make(own, icc.SRGBCurve) != nil {
			return own
		}
	}
	return icc.SRGBPrimaries()
}

// profileChunk is an iCCP chunk.
func profileChunk(profile []byte) []byte {
	var content bytes.Buffer
	content.WriteString("iCCPmade\x00\x00") // its kind, a name and the method
	z := zlib.NewWriter(&content)
	_, _ = z.Write(profile)
	_ = z.Close()
	out := binary.BigEndian.AppendUint32(nil, uint32(content.Len()-4))
	out = append(out, content.Bytes()...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(content.Bytes()))
}
