package cache

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// ErrNoOriginMeta is returned for an entry without metadata: none was set, or the entry
// is in memory, or on a file system without extended attributes.
var ErrNoOriginMeta = errors.New("the entry has no origin metadata")

// OriginMeta is what the origin said about an entry, kept beside its body. It is an
// optimization: it may be missing, and tools that copy the cache may lose it.
type OriginMeta struct {
	// ETag is the origin's, without quotes; "" if it gave none.
	ETag string
	// Checked is when the origin last confirmed this version, in whole seconds.
	Checked time.Time
	// Before is the modification time of an older entry that this one replaced with
	// the same bytes, so that derivatives of the older one are still right; zero if
	// there was none.
	Before time.Time
}

// attribute is the name of the extended attribute that holds the metadata. It is on the
// file itself, so it never describes another body.
const attribute = "user.thumbery.origin"

// maxOriginMeta bounds the attribute, in bytes. An ETag that does not fit is left out.
// ext4 keeps about 100 bytes beside the inode and allocates a block for more.
const maxOriginMeta = 512

// OriginMeta reads the entry's metadata. It costs one system call.
func (b *Blob) OriginMeta() (OriginMeta, error) {
	f, ok := b.file.(*os.File)
	if !ok {
		return OriginMeta{}, ErrNoOriginMeta
	}
	var text [maxOriginMeta]byte
	n, err := getAttribute(f, text[:])
	if err != nil {
		return OriginMeta{}, errors.Join(ErrNoOriginMeta, err)
	}
	return parseOriginMeta(string(text[:n]))
}

// SetOriginMeta sets the entry's metadata. If the entry was replaced since the Blob was
// opened, the metadata is lost with the old body.
func (b *Blob) SetOriginMeta(m OriginMeta) error {
	f, ok := b.file.(*os.File)
	if !ok {
		return ErrNoOriginMeta
	}
	return setAttribute(f, m.text())
}

// text is "CHECKED BEFORE ETAG", both times in seconds since the epoch.
func (m OriginMeta) text() []byte {
	before := int64(0)
	if !m.Before.IsZero() {
		before = m.Before.Unix()
	}
	text := fmt.Appendf(nil, "%d %d ", m.Checked.Unix(), before)
	if len(m.ETag) <= maxOriginMeta-len(text) {
		text = append(text, m.ETag...)
	}
	return text
}

func parseOriginMeta(text string) (m OriginMeta, err error) {
	var checked, before int64
	n, err := fmt.Sscanf(text, "%d %d ", &checked, &before)
	if n < 2 {
		return OriginMeta{}, errors.Join(ErrNoOriginMeta, err)
	}
	m.Checked = time.Unix(checked, 0)
	if before != 0 {
		m.Before = time.Unix(before, 0).UTC()
	}
	_, rest, _ := strings.Cut(text, " ")
	_, m.ETag, _ = strings.Cut(rest, " ")
	return m, nil
}
