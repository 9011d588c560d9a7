package disk

import (
	"context"
	"encoding/hex"
	"io"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/files"
)

// sourceID is the part of a name that all files of one picture share.
type sourceID [16]byte

func sourceOf(name string) (id sourceID, ok bool) {
	source, _, _ := strings.Cut(name, "-")
	if len(source) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(source))
	return id, err == nil
}

// sources is a set of pictures, by the part of their names that is the same for all files.
type sources map[sourceID]struct{}

func (s sources) add(name string) {
	if id, ok := sourceOf(name); ok {
		s[id] = struct{}{}
	}
}

func (s sources) has(name string) bool {
	id, ok := sourceOf(name)
	_, has := s[id]
	return ok && has
}

const (
	// noteGrace is how long a key stays without a file, since its original may still
	// be on its way.
	noteGrace = time.Hour
	// wasteRatio is how many useful lines there may be for each useless one for the file
	// to be rewritten.
	wasteRatio = 8
)

// compact removes the keys of all but live pictures from a shard of the journal of the cache
// directory dir. Keys that were noted after began, or within noteGrace before, stay. A
// concurrent Note waits, and finds that the file was replaced.
func compact(ctx context.Context, dir, shard string, live sources, began time.Time) error {
	f, err := openShard(dir, shard)
	if f == nil {
		return err
	}
	defer f.Close()
	if current, err := files.LockCurrent(ctx, f, unix.LOCK_EX); err != nil || !current {
		return err
	}
	useful, lines, waste, err := filter(f, shard, live, began)
	if err != nil || waste*wasteRatio <= lines {
		return err
	}
	return files.Replace(f.Name(), tempPath(filepath.Join(dir, Temporary)), func(w io.Writer) error {
		_, err := w.Write(useful)
		return err
	})
}

// filter returns the useful lines of a shard, their number, and how many others there are.
func filter(r io.Reader, shard string, live sources, began time.Time) (useful []byte, lines, waste int, err error) {
	seen := make(map[sourceID]bool, len(live)) // value: by a young line
	for n, err := range notes(r, shard) {
		if err != nil {
			return nil, 0, 0, err
		}
		id, _ := sourceOf(string(n.key.Name()))
		_, isLive := live[id]
		// A young line stays beside an older one of its key: the file that the older
		// line is kept for may be removed before the original on its way arrives.
		young := began.Sub(n.at) < noteGrace
		seenYoung, again := seen[id]
		if again && (seenYoung || !young) || !isLive && !young {
			waste++
			continue
		}
		lines++
		seen[id] = young
		useful = appendNote(useful, n.at, n.key)
	}
	return useful, lines, waste, nil
}
