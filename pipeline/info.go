package pipeline

import (
	"context"

	"github.com/thumbery/thumbery/info"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// plan says what the engine has to do for v, so that it can be admitted. JSON
// about a picture is a derivative like any other, worked out of a small picture:
// this, describe, madeType and Name are all that knows the difference.
func (p *Pipeline) plan(h header.Header, v variant.Variant, a variant.Accept) (resize.Plan, error) {
	if v.Whole.Describes() {
		return p.about.Plan(h)
	}
	return resize.NewPlan(h, v, a, p.Settings)
}

// describe makes the JSON about an original.
func (p *Pipeline) describe(ctx context.Context, src []byte, w work) ([]byte, error) {
	return p.about.Describe(ctx, src, w.header, w.plan, w.variant.Whole == variant.InfoGPS)
}

// madeType is the media type of what was made for v.
func madeType(v variant.Variant, data []byte) string {
	if v.Whole.Describes() {
		return info.MediaType
	}
	return mediaTypeOf(data)
}
