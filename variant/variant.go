package variant

// Variant is what a URL asks to be made of an original. It is comparable: all spellings of
// the same options parse to equal values, and String is the canonical spelling. In every
// field the zero value means "not given".
//
// Lengths are in CSS pixels before DPR is applied, unless a field says
// otherwise.
type Variant struct {
	// Kind says whether the whole segment was "raw", "info" or "info_gps"; all
	// other fields but Download, DownloadName and Version are then zero.
	Kind Kind

	Width, Height int     // 1..MaxSide, 0 where that side is free
	DPR           float64 // device pixels for a CSS pixel, 0.1..8; 0 means 1
	Enlarge       bool    // the result may be larger than the original

	Fit     Fit     // FitCover where both sides are given; FitNone otherwise
	Gravity Gravity // where to cut, or to place on the canvas; 0 is centre
	FocalX  float64 // 0 (left) .. 1 (right), when Gravity is GravityFocal
	FocalY  float64 // 0 (top) .. 1 (bottom), when Gravity is GravityFocal
	Crop    Crop    // cut from the upright original before resizing
	Trim    int     // 1..255: the difference of colour up to which a border is removed

	Pixelate   int     // block side in output pixels, 2..1000
	Blur       float64 // sigma in output pixels, 0.3..100
	Sharpen    float64 // sigma in output pixels, 0.3..10
	Brightness int     // -100..100
	Contrast   int     // -100..100
	Saturation int     // -100..100
	Gray       bool

	Pad        int   // 1..MaxSide on each side
	Background Color // under transparency, in letterboxes and paddings
	Rotate     int   // 90, 180, 270: clockwise degrees
	Flip       Flip
	Round      int    // corner radius
	Watermark  string // a name configured on the server

	Format   Format // FormatKeep, FormatAuto, or one that can be written
	Quality  int    // 1..100
	MaxBytes int    // at most so many bytes
	Lossless bool
	// Progressive asks for a JPEG that loads in passes.
	Progressive bool
	Page        int  // 2 and more, counted from 1; 0 is the first, or all frames
	Still       bool // the first frame only, as page_1 says, too

	Download     bool   // Content-Disposition: attachment
	DownloadName string // the file name to suggest
	Version      string // cache buster, part of the name
}

// Kind is what a URL asks for.
type Kind uint8

// The values of Kind.
const (
	Picture Kind = iota // a derivative
	Raw                 // the original's bytes, as they are
	Info                // JSON about the original
	InfoGPS             // the same, with the place where it was taken
)

// IsInfo reports whether the URL asks for JSON about the original.
func (k Kind) IsInfo() bool { return k == Info || k == InfoGPS }

// Fit says how a picture fits into a box of two given sides, in the words of CSS object-fit.
type Fit uint8

// The values of Fit.
const (
	FitNone    Fit = iota // fewer than two sides are given
	FitCover              // fill the box, and cut the rest
	FitContain            // all of the picture, letterboxed to exactly the box
	FitInside             // all of the picture, no side longer than the box
	FitOutside            // all of the picture, no side shorter than the box
	FitFill               // exactly the box, distorted
)

// Gravity is the part of a picture to keep if something must be cut.
type Gravity uint8

// The values of Gravity.
const (
	GravityCenter Gravity = iota
	GravityN
	GravityNE
	GravityE
	GravitySE
	GravityS
	GravitySW
	GravityW
	GravityNW
	GravitySmart // what attracts attention
	GravityFocal // at FocalX, FocalY
)

// Flip mirrors a picture.
type Flip uint8

// The values of Flip.
const (
	FlipNone Flip = iota
	FlipH         // left becomes right
	FlipV         // top becomes bottom
	FlipHV        // both
)

// Length is a distance in pixels of the original, or in percent of its side.
type Length struct {
	Value   float64 // pixels (whole), or percent 0..100 with two decimals
	Percent bool
}

// Crop is a rectangle of the upright original. It is set if W and H are not
// zero.
type Crop struct{ X, Y, W, H Length }

// Set reports whether there is a crop.
func (c Crop) Set() bool { return c.W.Value > 0 && c.H.Value > 0 }

// everything reports that the crop is the whole picture.
func (c Crop) everything() bool {
	all := Length{100, true}
	return c.X.Value == 0 && c.Y.Value == 0 && c.W == all && c.H == all
}

// Color is an sRGB colour with straight alpha. Set tells transparent black from none.
type Color struct {
	R, G, B, A uint8
	Set        bool
}

// MaxSide is the longest side that can be asked for, in device pixels: the
// limit of WebP, the tightest of the formats we write.
const MaxSide = 16383
