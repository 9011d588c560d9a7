package icc

// Whites.
var (
	d65         = XY{0.3127, 0.3290}
	illuminantC = XY{0.310, 0.316}
)

// primaries are those of table 2 of ITU-T H.273.
var primaries = map[uint8]Primaries{
	1:  {d65, XY{0.640, 0.330}, XY{0.300, 0.600}, XY{0.150, 0.060}}, // BT.709 and sRGB
	4:  {illuminantC, XY{0.67, 0.33}, XY{0.21, 0.71}, XY{0.14, 0.08}},
	5:  {d65, XY{0.64, 0.33}, XY{0.29, 0.60}, XY{0.15, 0.06}},       // BT.601, 625 lines
	6:  {d65, XY{0.630, 0.340}, XY{0.310, 0.595}, XY{0.155, 0.070}}, // BT.601, 525 lines
	7:  {d65, XY{0.630, 0.340}, XY{0.310, 0.595}, XY{0.155, 0.070}},
	8:  {illuminantC, XY{0.681, 0.319}, XY{0.243, 0.692}, XY{0.145, 0.049}},
	9:  {d65, XY{0.708, 0.292}, XY{0.170, 0.797}, XY{0.131, 0.046}}, // BT.2020
	11: {XY{0.314, 0.351}, XY{0.680, 0.320}, XY{0.265, 0.690}, XY{0.150, 0.060}},
	12: {d65, XY{0.680, 0.320}, XY{0.265, 0.690}, XY{0.150, 0.060}}, // Display P3
	22: {d65, XY{0.630, 0.340}, XY{0.295, 0.605}, XY{0.155, 0.077}},
}

// SRGBPrimaries are those of sRGB, and of BT.709.
func SRGBPrimaries() Primaries { return primaries[1] }

// FromCICP returns a profile for RGB, or for grey, that has the colour primaries and the
// transfer characteristics with these numbers in ITU-T H.273; nil if that is sRGB. It is
// not ok for those of which no profile gives the right picture: they need tone mapping
// (PQ, HLG) or are not for displays (XYZ, logarithms).
//
// What is reserved counts as unspecified, for which sRGB is usual. The curve of BT.709 and
// its like is that of a camera; screens show it more or less as sRGB, and browsers do so.
func FromCICP(colour, transfer uint8, grey bool) (profile []byte, ok bool) {
	curve, isSRGB := SRGBCurve, false
	switch transfer {
	case 4:
		curve = Curve{2.2}
	case 5:
		curve = Curve{2.8}
	case 7: // SMPTE 240M
		curve = Curve{1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 0.25, 0.0912}
	case 8:
		curve = Curve{1}
	case 9, 10, 16, 17, 18: // logarithms, PQ, SMPTE 428, HLG
		return nil, false
	default:
		isSRGB = true
	}
	p, known := primaries[colour]
	switch {
	case colour == 10: // XYZ
		return nil, false
	case !known:
		colour, p = 1, primaries[1]
	}
	switch {
	case isSRGB && (grey || colour == 1):
		return nil, true
	case grey:
		return MakeGrey(curve), true
	}
	return Make(p, curve), true
}
