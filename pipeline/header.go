package pipeline

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// headerBytes bounds what is remembered of originals, for some 30,000 of them;
// headerSize is what a header takes.
const (
	headerBytes = 16 << 20
	headerSize  = 256
)

// measured is the header of an original of that size and time, so that it need
// not be read again for every derivative.
type measured struct {
	size    int64
	modTime time.Time
	header  resize.Header
}

// inspect reads the header of a page of the original of that name.
func (p *Pipeline) inspect(ctx context.Context, name variant.Name, o *original, page int) (resize.Header, error) {
	known, ok := p.headers.get(name)
	if ok && page <= 1 && known.size == o.blob.Size && known.modTime.Equal(o.blob.ModTime) {
		return known.header, nil
	}
	h, err := resize.InspectPage(ctx, o.blob.At(), o.blob.Size, p.reads, page)
	if err != nil {
		p.forgetBroken(name, err)
		return h, err
	}
	if page <= 1 {
		p.headers.put(name, o.epoch, measured{o.blob.Size, o.blob.ModTime, h})
	}
	return h, nil
}
