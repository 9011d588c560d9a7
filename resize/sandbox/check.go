package sandbox

import (
	"bytes"
	"os"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/variant"
)

// roomFor is how many bytes the results of plans can have: more than any encoder needs for
// noise, and room for what is not pixels. A file that is mostly empty costs nothing.
func roomFor(plans ...resize.Plan) (room int64) {
	for _, p := range plans {
		room += 8*p.Pixels() + 1<<20
	}
	return room
}

// result reads what a child says that it has made, and compares it with the plan: a
// picture of another size or format would be cached and served for months. It is nil if
// there is none, which is only right with an error.
func result(a wire.Answer, results *os.File, room int64, p resize.Plan) ([]byte, error) {
	if a.Len == 0 {
		if a.Err == nil {
			return nil, offend("it gave neither a result nor an error")
		}
		return nil, nil
	}
	if !a.Within(room) {
		return nil, offend("its result is %d bytes at %d, of %d", a.Len, a.Off, room)
	}
	data := make([]byte, a.Len)
	if n, err := results.ReadAt(data, a.Off); n < len(data) {
		return nil, offend("its result cannot be read: %v", err)
	}
	if err := resize.CheckResult(bytes.NewReader(data), a.Len, p); err != nil {
		return nil, fault{Protocol, err}
	}
	return data, nil
}

// resolve is resize.ResolveLook of what a child found, where that can be.
func resolve(h header.Header, v variant.Variant, found *wire.Found) (variant.Variant, error) {
	if found == nil {
		return variant.Variant{}, offend("it looked at a picture, and found nothing")
	}
	if v.Trim != 0 {
		v.Trim, v.Crop = 0, found.Crop
	}
	if v.Gravity == variant.GravitySmart {
		v.Gravity, v.FocalX, v.FocalY = variant.GravityFocal, found.FocalX, found.FocalY
	}
	if _, err := resize.Region(h, v); err != nil {
		return variant.Variant{}, offend("what it found lies outside of the picture: %v", err)
	}
	return v, nil
}
