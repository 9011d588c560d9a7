package disk

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/variant"
)

// journalDir holds, below the cache directory, the keys of what is in it: file
// names are hashes, which nothing leads back from. It has a file for each shard,
// named by the two digits that the names begin with.
const journalDir = "keys"

// Journal writes down the keys of originals, so that those under a prefix can be
// forgotten. It holds no descriptors and needs no closing; several processes may
// write to one.
//
// A key takes 14 bytes and its own length: 45 MB for a million pictures with keys
// of 30 bytes. Each purge takes out those that have no files any more, once they
// are a ninth of a shard. To note one takes 12 µs, and what the disk needs to be
// in sync, which is about what the original itself needs.
type Journal struct {
	dir  string
	now  func() time.Time
	sync func(*os.File) error
}

// OpenJournal returns the journal of the cache directory dir. Options are those
// of the Store.
func OpenJournal(dir string, opts Options) (*Journal, error) {
	path, err := filepath.Abs(filepath.Join(dir, journalDir))
	if err == nil {
		err = makeDirectory(path)
	}
	if err != nil {
		return nil, fmt.Errorf("journal of the cache: %w", err)
	}
	j := &Journal{dir: path, now: opts.Now, sync: syncData}
	if j.now == nil {
		j.now = time.Now
	}
	if opts.NoSync {
		j.sync = func(*os.File) error { return nil }
	}
	return j, nil
}

// Note writes a key down, and brings it to the disk. To be called before the
// original is under its name, at most half an hour before, so that nothing lies
// there whose key is not known. Where it fails, the picture can be kept all the
// same, but is not found by its prefix. end is for Holds.
func (j *Journal) Note(key variant.Key) (end int64, err error) {
	for {
		f, err := appendTo(j.shard(key))
		if err != nil {
			return 0, fmt.Errorf("journal of the cache: %w", err)
		}
		if f == nil {
			continue
		}
		end, err := j.append(f, key)
		_ = f.Close()
		if err != nil {
			return 0, fmt.Errorf("journal of the cache: %w", err)
		}
		return end, nil
	}
}

// append appends a note and returns where it ends in the file.
func (j *Journal) append(f *os.File, key variant.Key) (end int64, err error) {
	if _, err := f.Write(appendNote(nil, j.now(), key)); err != nil {
		return 0, err
	}
	failpoint.Reach("key written")
	if err := j.sync(f); err != nil {
		return 0, err
	}
	failpoint.Reach("key synced")
	return f.Seek(0, io.SeekCurrent)
}

// Holds reports that a note of key is still where it ended: the journal has not been
// removed since, and not been brought up to date by a purge.
func (j *Journal) Holds(key variant.Key, end int64) bool {
	f, err := os.Open(j.shard(key))
	if err != nil {
		return false
	}
	defer f.Close()
	want := strconv.AppendQuote([]byte{' '}, string(key))
	found := make([]byte, len(want))
	n, _ := f.ReadAt(found, end-int64(len(want)))
	return n == len(want) && bytes.Equal(found, want)
}

// shard is the path of the file that the notes of a key are in.
func (j *Journal) shard(key variant.Key) string {
	return filepath.Join(j.dir, string(key.Name()[:shardDigits]))
}

// appendTo opens a file of the journal for one write. It returns nil if the
// file was replaced before it had the lock.
func appendTo(path string) (*os.File, error) {
	f, err := openOrCreate(path, os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	current, err := lockCurrent(f, unix.LOCK_SH)
	if err != nil || !current {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// lockCurrent locks a file and reports that it still is the one under its name.
// The lock goes when the file is closed.
func lockCurrent(f *os.File, how int) (bool, error) {
	if _, err := retry(func() (struct{}, error) { return struct{}{}, unix.Flock(int(f.Fd()), how) }); err != nil {
		return false, err
	}
	var own, named unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &own); err != nil {
		return false, err
	}
	if err := unix.Stat(f.Name(), &named); err != nil && err != unix.ENOENT {
		return false, err
	}
	return own.Dev == named.Dev && own.Ino == named.Ino, nil
}

// shardDigits is how many digits of a name a file of the journal is named by.
const shardDigits = 2

// appendNote appends one line. It begins with the line break, so that one that a
// crash has cut off spoils no other, and ends with a quote, so that it can be
// told from a whole one.
func appendNote(b []byte, at time.Time, key variant.Key) []byte {
	b = append(b, '\n')
	b = strconv.AppendInt(b, at.Unix(), 10)
	b = append(b, ' ')
	return strconv.AppendQuote(b, string(key))
}
