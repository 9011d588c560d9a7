package disk

import (
	"bufio"
	"context"
	"encoding/hex"
	"io"
	"os"
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

// liveSources collects which pictures have files in a shard, to compact the shard's
// journal by. The methods of a nil *liveSources do nothing.
type liveSources struct {
	dir        string // the cache directory
	shard      string
	present    map[sourceID]struct{}
	incomplete bool // a directory could not be read
}

// newLiveSources returns nil if the shard has no journal, or it is to stay as it is.
func newLiveSources(dir, shard string, dryRun bool) *liveSources {
	s := &liveSources{dir: dir, shard: shard, present: map[sourceID]struct{}{}}
	info, err := os.Lstat(filepath.Join(dir, journalDir, shard))
	if dryRun || err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return s
}

func (s *liveSources) add(name string) {
	if s == nil {
		return
	}
	if id, ok := sourceOf(name); ok {
		s.present[id] = struct{}{}
	}
}

func (s *liveSources) setIncomplete() {
	if s != nil {
		s.incomplete = true
	}
}

const (
	// noteGrace is how long a key stays without a file, since its original may still
	// be on its way.
	noteGrace = time.Hour
	// wasteRatio is how many useful lines there may be for each useless one for the file
	// to be rewritten.
	wasteRatio = 8
)

// compact removes keys without files from the shard's journal. Keys that were noted after
// began, or within noteGrace before, stay. A concurrent Note waits, and finds that
// the file was replaced.
func (s *liveSources) compact(ctx context.Context, began time.Time) error {
	if s == nil || s.incomplete {
		return nil
	}
	f, err := openShard(s.dir, s.shard)
	if err != nil || f == nil {
		return err
	}
	defer f.Close()
	if current, err := files.LockCurrent(ctx, f, unix.LOCK_EX); err != nil || !current {
		return err
	}
	useful, useless, err := s.filter(f, began, io.Discard)
	if err != nil || useless*wasteRatio <= useful {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return files.Replace(f.Name(), tempPath(filepath.Join(s.dir, Temporary)), func(w io.Writer) error {
		_, _, err := s.filter(f, began, w)
		return err
	})
}

func (s *liveSources) filter(r io.Reader, began time.Time, to io.Writer) (useful, useless int, err error) {
	w := bufio.NewWriter(to)
	seen := make(map[sourceID]bool, len(s.present)) // value: by a young line
	for n, err := range notes(r, s.shard) {
		if err != nil {
			return 0, 0, err
		}
		id, _ := sourceOf(string(n.key.Name()))
		_, present := s.present[id]
		// A young line stays beside an older one of its key: the file that the older
		// line is kept for may be removed before the original on its way arrives.
		young := began.Sub(n.at) < noteGrace
		seenYoung, again := seen[id]
		if again && (seenYoung || !young) || !present && !young {
			useless++
			continue
		}
		useful++
		seen[id] = young
		_, _ = w.Write(appendNote(w.AvailableBuffer(), n.at, n.key)) // Flush returns the error
	}
	return useful, useless, w.Flush()
}
