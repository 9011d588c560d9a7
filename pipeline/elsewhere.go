package pipeline

import (
	"context"
	"fmt"
	"mime"
	"path"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// linkExpires is how long a link is good for: a download has to begin by then.
const linkExpires = 15 * time.Minute

// Link makes a URL at which the original can be had from its place, for a while,
// whether or not it is there. The error is storage.ErrUnavailable where the place
// has no such URLs, as a directory.
func (p *Pipeline) Link(ctx context.Context, key variant.Key, v variant.Variant) (string, error) {
	linker, ok := p.Origin.(storage.Linker)
	if !ok {
		return "", fmt.Errorf("%w: it has no links", storage.ErrUnavailable)
	}
	return linker.Link(ctx, string(key), linkOptions(key, v))
}

func linkOptions(key variant.Key, v variant.Variant) storage.LinkOptions {
	o := storage.LinkOptions{Expires: linkExpires}
	if v.Download {
		name := v.DownloadName
		if name == "" {
			name = path.Base(string(key))
		}
		o.Disposition = mime.FormatMediaType("attachment", map[string]string{"filename": name})
	}
	return o
}
