package resize

import (
	"fmt"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// Plan says exactly what a Resizer has to do with Frames frames of a picture, from
// Page on, once Header.Orientation has been applied to each:
//
//  1. scale all of it to ScaledW x ScaledH,
//  2. cut out the Cut rectangle, which lies inside that,
//  3. apply the Effects to the cut,
//  4. lay it at OffsetX, OffsetY on a canvas of CanvasW x CanvasH, which holds all
//     of it; only fit_contain and pad have a canvas larger than the cut,
//  5. turn it clockwise by Rotate, then mirror it by Flip,
//  6. round the corners, over Background,
//  7. put the watermark on, and encode.
//
// A crop and a trimmed border are part of the Cut. The result is exactly as large
// as Size says. Plans are comparable.
type Plan struct {
	// Page is the first page or frame to take, from 0, and Frames how many: 1,
	// or all those of an animation.
	Page, Frames int

	ScaledW, ScaledH int
	// Coarse allows cheaper methods, for a result that is reduced again, to at most half:
	// decoders may do all of the shrinking, the rest is done with a simple filter, and a
	// JPEG has the standard tables.
	Coarse bool
	// Linear has the picture reduced in linear light, as eyes see it from afar.
	Linear           bool
	Cut              Rect
	Effects          Effects
	CanvasW, CanvasH int
	OffsetX, OffsetY int
	Rotate           int // 0, 90, 180, 270 degrees clockwise
	Flip             variant.Flip
	Round            int    // radius of the corners in pixels, at most half the shorter side; 0 for none
	Watermark        string // its name, "" for none
	// Background lies under all of the picture, its letterbox and its corners. It
	// is opaque (A is 255), white unless asked otherwise, and no alpha remains,
	// wherever Output has no alpha or nothing in the picture is transparent. The
	// zero Color keeps alpha as it is.
	Background variant.Color
	Output     Output
	// Plain, if it has a format, is another way to encode, which is taken where it
	// gives fewer bytes. It has alpha where Background is not opaque.
	Plain Output
	// MaxBytes, if not 0, is how many bytes the result may have: the quality is
	// lowered until it fits, and if it never does, the error is ErrBytes.
	MaxBytes int
}

// Rect is a rectangle in pixels of the scaled picture.
type Rect struct{ Left, Top, Width, Height int }

// Output is how to encode.
type Output struct {
	Format      variant.Format // an encoding that the engine writes
	Quality     int            // 1..100; without meaning for PNG and GIF
	Lossless    bool           // only for WebP, AVIF and PNG, which then gets no palette
	Progressive bool           // only for JPEG
	Palette     bool           // only for PNG: at most 256 colours
}

// Size returns the sides of the result in pixels; of a frame, if it has several.
func (p Plan) Size() (w, h int) {
	if p.Rotate%180 != 0 {
		return p.CanvasH, p.CanvasW
	}
	return p.CanvasW, p.CanvasH
}

// Letterboxed reports whether the canvas is larger than the picture on it.
func (p Plan) Letterboxed() bool {
	return p.CanvasW != p.Cut.Width || p.CanvasH != p.Cut.Height
}

// CutsNothing reports whether the cut is all of the scaled picture.
func (p Plan) CutsNothing() bool { return p.Cut == Rect{Width: p.ScaledW, Height: p.ScaledH} }

// Unencoded is p without how its result is encoded: plans for which it is the same
// have the same pixels.
func (p Plan) Unencoded() Plan {
	p.Output, p.Plain, p.MaxBytes = Output{}, Output{}, 0
	return p
}

// Flattened reports whether the result has no alpha.
func (p Plan) Flattened() bool { return p.Background.A == 255 }

// Simple reports whether p is no more than scaling, cutting and encoding the
// upright pixels of the picture with header h, without bound on its bytes.
func (p Plan) Simple(h header.Header) bool {
	return h.Orientation <= 1 && !h.Alpha && p.Page == 0 && p.Frames == 1 && !p.Letterboxed() &&
		p.Effects == Effects{} && p.Rotate == 0 && p.Flip == variant.FlipNone &&
		p.Round == 0 && p.Watermark == "" && p.MaxBytes == 0 && p.Plain == Output{}
}

// Pixels is the size of the result, all frames together.
func (p Plan) Pixels() int64 { return int64(p.CanvasW) * int64(p.CanvasH) * int64(p.Frames) }

// scaledSideMax is the longest side that a scaled picture may have before it is
// cut: VIPS_MAX_COORD. Only strong enlarging of a small crop gets there.
const scaledSideMax = header.SourceSideMax

// freePixels is how many pixels a result may have whatever the source has. More
// is for sources that have as many: with up_1 and fit_contain anyone who knows the
// address of one tiny picture could otherwise make us encode MaxPixels, 100
// megapixels, again and again, up to 15 seconds and 1.6 GB each. 16 Mi is
// 4096x4096, and at most some three seconds, of noise.
const freePixels = 16 << 20

// animatedPixels is how many pixels an animation may have in all its frames
// together: 50 frames of 800x600, or some four seconds.
const animatedPixels = 24 << 20

// NewPlan works out how to make v of a picture with header h for a client that
// accepts a. It is a pure function. Where NeedsLook says that the pixels have to
// be looked at first, the plan is for the whole picture and its middle; what is
// found may weigh more or less.
//
// The error is an *UnsupportedError for a format that the engine does not write; a
// *variant.Error of kind variant.ErrOptions for options that this picture or server
// cannot satisfy; and of kind ErrTooLarge if
//   - the source, counted by Header.DecodePixels, or the result has more than s.MaxPixels,
//   - the decoded source has more than 12 bytes for each of s.MaxPixels,
//   - a side of the result is longer than variant.MaxSide,
//   - the result has more than 16 Mi pixels and more than the source, or more than 8 Mi as
//     AVIF, GIF or lossless, which take longest to encode,
//   - an animation has more than s.MaxFrames frames, or 24 Mi pixels in total.
//
// A crop is in pixels or percent of the upright source, rounded to whole
// source pixels and clamped to the picture. A focal point is always relative
// to the whole upright source, also with a crop, and comes as near to the
// middle of the result as the picture's edges, or the crop's, allow.
//
// Nothing is enlarged unless v.Enlarge, but drawings, which have no pixels: a box
// that is larger than the source allows is made smaller in its own ratio (cover,
// outside, fill), or the picture keeps its size (inside, and contain, whose canvas
// keeps the box's). Sides are rounded half up and at least 1. Width and height are
// those before the padding, and before turning by v.Rotate.
func NewPlan(h header.Header, v variant.Variant, a variant.Accept, s Settings) (Plan, error) {
	return NewPlanWithNotes(h, v, a, s, &Notes{})
}

// NewPlanWithNotes is NewPlan, and writes its reasons into n, as far as it gets.
func NewPlanWithNotes(h header.Header, v variant.Variant, a variant.Accept, s Settings, n *Notes) (Plan, error) {
	if err := s.check(h, v); err != nil {
		return Plan{}, err
	}
	var err error
	if n.Region, err = region(h, v, n); err != nil {
		return Plan{}, err
	}
	p := newFit(h, v, n.Region, n).plan()
	p.Page, p.Frames = s.frames(h, v, a)
	p.Linear = s.Linear && p.isThumbnail(h)
	p.Effects = chooseEffects(v, s.Restore && p.reduced(h))
	p.pad(device(v, v.Pad))
	p.Rotate, p.Flip, p.Watermark, p.MaxBytes = v.Rotate, v.Flip, v.Watermark, v.MaxBytes
	p.Round = min(device(v, v.Round), min(p.CanvasW, p.CanvasH)/2)
	if err := p.check(h, s); err != nil {
		return Plan{}, err
	}
	if p.Output, p.Plain, err = s.outputs(h, v, a, p, n); err != nil {
		return Plan{}, err
	}
	p.Background = chooseBackground(h, v, p.Output.Format)
	return p, nil
}

// check refuses what can be refused before anything is computed.
func (s Settings) check(h header.Header, v variant.Variant) error {
	if err := h.Check(); err != nil {
		return err
	}
	n := h.DecodePixels()
	if h.Format == variant.GIF || h.Format == variant.WebP { // frames are made one upon the other
		n *= int64(max(1, v.Page))
	}
	if s.exceeds(n) && !h.Drawn() {
		return source.TooLarge("the picture has %d pixels to decode, the limit is %d", n, s.MaxPixels)
	}
	if weight := decodeWeight(h); s.exceeds(weight/heaviest) && !h.Drawn() {
		return source.TooLarge("the picture takes %d bytes to decode, the limit is %d", 4*weight, 4*heaviest*s.MaxPixels)
	}
	if w, height := v.Box(); max(w, height) > variant.MaxSide {
		return source.TooLarge("%s is asked for, sides are limited to %d", sides(w, height), variant.MaxSide)
	}
	if v.Page > max(h.Pages, 1) {
		return refused(fmt.Sprintf("page_%d", v.Page), fmt.Sprintf("is not there: the number of pages or frames is %d", max(h.Pages, 1)))
	}
	if _, known := s.Watermarks[v.Watermark]; v.Watermark != "" && !known {
		return refused("wm_"+v.Watermark, "is no watermark of this server")
	}
	return nil
}

// refused is the error for an option that asks for something that does not exist.
func refused(option, reason string) error {
	return &variant.Error{Kind: variant.ErrOptions, Option: option, Reason: reason}
}

// device is a length of v in pixels of the result.
func device(v variant.Variant, length int) int { return int(float64(length)*v.Scale() + 0.5) }

// pad makes the canvas larger by n on each side.
func (p *Plan) pad(n int) {
	p.CanvasW += 2 * n
	p.CanvasH += 2 * n
	p.OffsetX += n
	p.OffsetY += n
}

func (p Plan) check(h header.Header, s Settings) error {
	scaled, free := int64(p.ScaledW)*int64(p.ScaledH), max(freePixels, h.Pixels())
	if h.Drawn() { // it has no pixels but those that are drawn
		free = freePixels
	}
	switch {
	case max(p.CanvasW, p.CanvasH) > variant.MaxSide:
		return source.TooLarge("the result would be %dx%d, sides are limited to %d", p.CanvasW, p.CanvasH, variant.MaxSide)
	case max(p.ScaledW, p.ScaledH) > scaledSideMax, h.Drawn() && s.exceeds(scaled):
		return source.TooLarge("all of the picture would be scaled to %dx%d, to be cut then", p.ScaledW, p.ScaledH)
	case p.Frames > 1:
		return p.checkFrames(h, s)
	case s.exceeds(p.Pixels()):
		return source.TooLarge("the result would have %d pixels, the limit is %d", p.Pixels(), s.MaxPixels)
	case p.Pixels() > free:
		return source.TooLarge("the result would have %d pixels of a picture of %d, the limit is %d", p.Pixels(), h.Pixels(), freePixels)
	}
	return nil
}

func (p Plan) checkFrames(h header.Header, s Settings) error {
	pixels := h.Pixels() * int64(p.Frames)
	switch {
	case s.MaxFrames > 0 && p.Frames > s.MaxFrames:
		return source.TooLarge("the animation has %d frames, the limit is %d; still gives the first", p.Frames, s.MaxFrames)
	case s.exceeds(pixels):
		return source.TooLarge("the animation has %d pixels in %d frames, the limit is %d; still gives the first", pixels, p.Frames, s.MaxPixels)
	case p.Pixels() > animatedPixels:
		return source.TooLarge("the animation would have %d pixels in %d frames, the limit is %d; still gives the first", p.Pixels(), p.Frames, int64(animatedPixels))
	}
	return nil
}

// transparent reports whether v of a picture with header h has transparent parts,
// if the format can have them.
func transparent(h header.Header, v variant.Variant) bool {
	through := h.Alpha || v.Round > 0
	switch {
	case !v.Background.Set:
		return through
	case v.Background.A == 255:
		return false
	}
	return through || v.Pad > 0 || v.Fit == variant.FitContain
}

// chooseBackground follows the contract of Plan.Background.
func chooseBackground(h header.Header, v variant.Variant, f variant.Format) variant.Color {
	if f != variant.JPEG && transparent(h, v) {
		return v.Background
	}
	return over(v.Background, variant.Color{R: 255, G: 255, B: 255, A: 255, Set: true})
}

// over lays a colour on an opaque one.
func over(c, under variant.Color) variant.Color {
	mix := func(a, b uint8) uint8 { return uint8((int(a)*int(c.A) + int(b)*(255-int(c.A)) + 127) / 255) }
	return variant.Color{R: mix(c.R, under.R), G: mix(c.G, under.G), B: mix(c.B, under.B), A: 255, Set: true}
}
