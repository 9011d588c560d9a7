package disk

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
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

// sources are the pictures that a shard has files of. The nil one takes
// everything and does nothing.
type sources struct {
	dir     string // the cache directory
	shard   string
	present map[sourceID]struct{}
	partial bool // some are not known
}

// newSources returns nil where the journal is to stay as it is, or has nothing.
func newSources(dir string, shard int, dryRun bool) *sources {
	s := &sources{dir: dir, shard: fmt.Sprintf("%0*x", shardDigits, shard)}
	info, err := os.Lstat(s.path())
	if dryRun || err != nil || !info.Mode().IsRegular() {
		return nil
	}
	s.present = map[sourceID]struct{}{}
	return s
}

func (s *sources) path() string { return filepath.Join(s.dir, journalDir, s.shard) }

func (s *sources) add(name string) {
	if s == nil {
		return
	}
	if id, ok := sourceOf(name); ok {
		s.present[id] = struct{}{}
	}
}

func (s *sources) unknown() {
	if s != nil {
		s.partial = true
	}
}

const (
	// noteGrace is how long a key stays without a file: its original is on its
	// way.
	noteGrace = time.Hour
	// wasteShare is which part of the lines must be of no use for the file to be
	// written anew.
	wasteShare = 8
)

// compact takes the keys out of the shard's journal that have no file. Those
// that were noted after began, or shortly before, stay: the file may have come
// since it was looked for. Who notes a key waits meanwhile, or finds the file
// replaced.
func (s *sources) compact(began time.Time) error {
	if s == nil || s.partial {
		return nil
	}
	f, err := openShard(s.dir, s.shard)
	if err != nil || f == nil {
		return err
	}
	defer f.Close()
	if current, err := lockCurrent(f, unix.LOCK_EX); err != nil || !current {
		return err
	}
	used, wasted, err := s.sift(f, began, io.Discard)
	if err != nil || wasted*wasteShare <= used {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return replaceFile(s.dir, filepath.Join(journalDir, s.shard), func(w io.Writer) error {
		_, _, err := s.sift(f, began, w)
		return err
	})
}

// sift copies the lines that are of use, and counts them and the others.
func (s *sources) sift(r io.Reader, began time.Time, to io.Writer) (used, wasted int, err error) {
	w := bufio.NewWriter(to)
	seen := make(map[sourceID]bool, len(s.present)) // whether by a young line
	for n, err := range notes(r, s.shard) {
		if err != nil {
			return 0, 0, fmt.Errorf("journal of the cache: %w", err)
		}
		id, _ := sourceOf(string(n.key.Name()))
		// A young line stays beside an older one of its key: it may be of an
		// original that is on its way, and outlive what the older one is kept for.
		byYoung, again := seen[id]
		young := began.Sub(n.at) < noteGrace
		if again && (byYoung || !young) || !s.needs(id, n, began) {
			wasted++
			continue
		}
		used++
		seen[id] = young
		_, _ = w.Write(appendNote(w.AvailableBuffer(), n.at, n.key)) // Flush says it
	}
	return used, wasted, w.Flush()
}

func (s *sources) needs(id sourceID, n note, began time.Time) bool {
	_, present := s.present[id]
	return present || began.Sub(n.at) < noteGrace
}
