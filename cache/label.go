package cache

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// ErrNoLabel is returned for an entry that has no label, or can have none: it is
// in memory, or on a file system without extended attributes.
var ErrNoLabel = errors.New("the entry has no label")

// Label is what is kept of an entry beside its body. It is a help and no part of
// the entry: it may be missing, and whatever copies the cache may lose it.
type Label struct {
	// ETag is the origin's, without quotes; "" if it gave none.
	ETag string
	// Checked is when the origin last said that this is its version, whole
	// seconds.
	Checked time.Time
	// Before is the modification time of an entry that was replaced by this one and
	// had the same bytes, so that what was made of it is right; zero for none.
	Before time.Time
}

// attribute is the name of the extended attribute that holds the label. Being on
// the file itself, a label never speaks of another body than its own.
const attribute = "user.thumbery.origin"

// maxLabel bounds a label in bytes; an ETag that does not fit is left out. ext4
// keeps what fits beside the inode, in some 100 bytes, without a block of its own.
const maxLabel = 512

// Label reads the entry's label. It costs one system call.
func (b *Blob) Label() (Label, error) {
	f, ok := b.file.(*os.File)
	if !ok {
		return Label{}, ErrNoLabel
	}
	var text [maxLabel]byte
	n, err := getAttribute(f, text[:])
	if err != nil {
		return Label{}, errors.Join(ErrNoLabel, err)
	}
	return parseLabel(string(text[:n]))
}

// SetLabel notes a label. The entry may have been replaced since the Blob was
// opened: then it is lost with the old body.
func (b *Blob) SetLabel(l Label) error {
	f, ok := b.file.(*os.File)
	if !ok {
		return ErrNoLabel
	}
	return setAttribute(f, l.text())
}

// text is "CHECKED BEFORE ETAG", both times in seconds since the epoch.
func (l Label) text() []byte {
	before := int64(0)
	if !l.Before.IsZero() {
		before = l.Before.Unix()
	}
	text := fmt.Appendf(nil, "%d %d ", l.Checked.Unix(), before)
	if len(l.ETag) <= maxLabel-len(text) {
		text = append(text, l.ETag...)
	}
	return text
}

func parseLabel(text string) (l Label, err error) {
	var checked, before int64
	n, err := fmt.Sscanf(text, "%d %d ", &checked, &before)
	if n < 2 {
		return Label{}, errors.Join(ErrNoLabel, err)
	}
	l.Checked = time.Unix(checked, 0)
	if before != 0 {
		l.Before = time.Unix(before, 0).UTC()
	}
	_, rest, _ := strings.Cut(text, " ")
	_, l.ETag, _ = strings.Cut(rest, " ")
	return l, nil
}
