package container

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
	"github.com/thumbery/thumbery/resize/internal/source"
)

// pngColours are the chunks of a PNG that say which colours its samples are. They stand before
// the palette and the pixels.
type pngColours struct {
	grey bool
	of   map[string][]byte // their contents, by kind; the first of a kind counts
}

// saysColours reports whether a chunk of that kind says which colours samples are.
func saysColours(kind string) bool {
	return slices.Contains([]string{"cICP", "iCCP", "sRGB", "gAMA", "cHRM"}, kind)
}

func pngColoursOf(src []byte) pngColours {
	p := pngColours{of: map[string][]byte{}}
	for c, err := range source.Of(src).PNGChunks() {
		if c.Kind == "IDAT" || c.Kind == "PLTE" || c.Kind == "IEND" || err != nil {
			break
		}
		content := src[c.Body : c.Body+c.Len]
		if c.Kind == "IHDR" && c.Len == 13 {
			p.grey = content[9]&2 == 0
		}
		if saysColours(c.Kind) && p.of[c.Kind] == nil {
			p.of[c.Kind] = content
		}
	}
	return p
}

// profile returns the profile that the samples are in: nil for sRGB, and nil with own for the
// one that is in the file. cICP takes precedence over iCCP, that over sRGB, and that over gAMA with
// cHRM (PNG, third edition, 4.3). The error is of kind header.ErrNotPicture for a cICP that no
// profile can express, above all HDR, unless the file has a profile, too.
func (p pngColours) profile() (profile []byte, own bool, err error) {
	cICP, hasOwn := p.of["cICP"], p.of["iCCP"] != nil
	switch {
	case len(cICP) == 4:
		if profile, ok := icc.FromCICP(cICP[0], cICP[1], p.grey); ok && cICP[2] == 0 && cICP[3] == 1 {
			return profile, false, nil
		}
		if !hasOwn {
			return nil, false, fmt.Errorf("%w: a PNG whose colours are %d in cICP", header.ErrNotPicture, cICP)
		}
		return nil, true, nil
	case hasOwn:
		return nil, true, nil
	case p.of["sRGB"] == nil && len(p.of["gAMA"]) == 4:
		return p.gamma(), false, nil
	}
	return nil, false, nil
}

// The range of gAMA, times 100,000. No picture has a value beyond.
const (
	leastGamma = 10_000
	mostGamma  = 1_000_000
)

// gamma returns the profile that gAMA and cHRM describe, nil if that is sRGB or if gAMA is
// nonsense. Without valid primaries those of sRGB are meant. An exponent of 1/2.2 stands for
// sRGB's curve, and nobody sees a difference of 5%.
func (p pngColours) gamma() []byte {
	g := binary.BigEndian.Uint32(p.of["gAMA"])
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
	if cHRM := p.of["cHRM"]; len(cHRM) == 32 {
		var xy [4]icc.XY
		for i := range 8 {
			xy[i/2][i%2] = float64(binary.BigEndian.Uint32(cHRM[4*i:])) / 1e5
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
