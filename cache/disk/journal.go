package disk

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// The journal is the directory journalDir below the cache directory. It has one file
// (a shard) for each value of the first shardDigits digits of a name.
const (
	journalDir  = "keys"
	shardDigits = 2
)

// Journal records the keys of originals, so that those under a prefix can be found: file
// names are hashes. It holds no descriptors and needs no closing; several processes may
// write to one.
//
// A key takes 14 bytes and its own length: 45 MB for a million pictures with keys of 30
// bytes. A purge compacts a shard when more than a ninth of its lines are of no use.
type Journal struct {
	dir    string
	now    func() time.Time
	sync   func(*os.File) error
	lock   func(ctx context.Context, f *os.File, how int) (current bool, err error)
	free   *FreeSpace
	recent *cache.Memory[variant.Key, position]
}

// position is when a key was noted, and where its line ends in the file.
type position struct {
	at  time.Time
	end int64
}

const (
	// recentBytes bounds the memory for keys that were noted recently.
	recentBytes = 4 << 20
	// recentFor plus the time of a fetch is far below noteGrace.
	recentFor = 20 * time.Minute
	// maxReplaced bounds the attempts to append to a file that is replaced between
	// being opened and being locked. A purge replaces each file once. A file system
	// that gives an open file another inode number than its name never comes to an end.
	maxReplaced = 100
)

var errReplaced = errors.New("the file is replaced again and again")

// OpenJournal returns the journal of the cache directory dir. Options are those of the
// Store.
func OpenJournal(dir string, opts Options) (*Journal, error) {
	path, err := filepath.Abs(filepath.Join(dir, journalDir))
	if err == nil {
		err = files.MakeDirectory(path)
	}
	if err != nil {
		return nil, fmt.Errorf("journal of the cache: %w", err)
	}
	j := &Journal{dir: path, now: opts.Now, sync: files.Sync, lock: files.LockCurrent, free: opts.Free}
	j.recent = cache.NewMemory[variant.Key](recentBytes, func(position) int { return 0 })
	if j.now == nil {
		j.now = time.Now
	}
	if opts.NoSync {
		j.sync = func(*os.File) error { return nil }
	}
	return j, nil
}

// Note writes a key to the journal and syncs it. It does nothing if that was done
// recently and the line is still there, as when a broken original is requested over and
// over. Call it before the original is stored, at most half an hour before, so that no
// original is stored whose key is not known. If it fails, the original can be stored all
// the same, but is not found by its prefix.
func (j *Journal) Note(ctx context.Context, key variant.Key) error {
	now := j.now()
	last, ok := j.recent.Get(key)
	isRecent := ok && now.Sub(last.at) < recentFor && !now.Before(last.at)
	if isRecent && j.holds(key, last.end) || j.free.Low() {
		return nil
	}
	end, err := j.write(ctx, key)
	if err != nil {
		return fmt.Errorf("journal of the cache: %w", err)
	}
	j.recent.Put(key, position{now, end})
	return nil
}

func (j *Journal) write(ctx context.Context, key variant.Key) (end int64, err error) {
	for range maxReplaced {
		f, err := files.OpenOrCreate(j.shard(key), os.O_WRONLY|os.O_APPEND)
		if err != nil {
			return 0, err
		}
		current, err := j.lock(ctx, f, unix.LOCK_SH)
		if current {
			end, err = j.append(f, key)
		}
		_ = f.Close()
		if current || err != nil {
			return end, err
		}
	}
	return 0, fmt.Errorf("%s: %w", j.shard(key), errReplaced)
}

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

// holds reports whether a line of key still ends at end: the journal was neither removed
// nor compacted since.
func (j *Journal) holds(key variant.Key, end int64) bool {
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

func (j *Journal) shard(key variant.Key) string {
	return filepath.Join(j.dir, string(key.Name()[:shardDigits]))
}

type note struct {
	at  time.Time
	key variant.Key
}

// appendNote appends one line. It begins with the line break, so that a line that a crash
// cut off does not spoil the next one, and ends with a quote, which shows that it is whole.
func appendNote(b []byte, at time.Time, key variant.Key) []byte {
	b = append(b, '\n')
	b = strconv.AppendInt(b, at.Unix(), 10)
	b = append(b, ' ')
	return strconv.AppendQuote(b, string(key))
}

// parseNote parses a line without its line break. ok is false for the rest of one that a
// crash cut off.
func parseNote(line []byte) (n note, ok bool) {
	seconds, quoted, ok := bytes.Cut(line, []byte{' '})
	if !ok {
		return n, false
	}
	at, err := strconv.ParseInt(string(seconds), 10, 64)
	if err != nil {
		return n, false
	}
	text, err := strconv.Unquote(string(quoted))
	if err != nil || quoted[0] != '"' {
		return n, false
	}
	n.at = time.Unix(at, 0)
	n.key, err = variant.ParseKey(text)
	return n, err == nil
}

// maxLine is longer than the line of any key, whose bytes become at most 4 each. A crash
// can leave longer lines.
const maxLine = 32 + 4*variant.MaxKeyBytes

// lineReaders are pooled, since a purge and a Forget by prefix read 256 files each.
var lineReaders = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 16*maxLine) }}

// lines yields the lines of r that are at most maxLine long, and at the end the error, if
// there was one. A line is valid until the next one.
func lines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		buffered := lineReaders.Get().(*bufio.Reader)
		defer lineReaders.Put(buffered)
		buffered.Reset(r)
		long := false
		for {
			line, err := buffered.ReadSlice('\n')
			if err == bufio.ErrBufferFull {
				long = true
				continue
			}
			line = bytes.TrimSuffix(line, []byte{'\n'})
			if len(line) > 0 && len(line) <= maxLine && !long && !yield(line, nil) {
				return
			}
			long = false
			if err != nil {
				if err != io.EOF {
					yield(nil, err)
				}
				return
			}
		}
	}
}

// notes yields the notes of a shard that r has. It skips lines that are damaged, and keys
// that belong to another shard.
func notes(r io.Reader, shard string) iter.Seq2[note, error] {
	return func(yield func(note, error) bool) {
		for line, err := range lines(r) {
			if err != nil {
				yield(note{}, fmt.Errorf("journal of the cache: %w", err))
				return
			}
			n, ok := parseNote(line)
			if ok && string(n.key.Name()[:shardDigits]) == shard && !yield(n, nil) {
				return
			}
		}
	}
}

// openShard opens a file of the journal of the cache directory dir for reading; nil if
// there is none.
func openShard(dir, shard string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, journalDir, shard))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}
