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
	"time"

	"golang.org/x/sys/unix"

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
	dir  string
	now  func() time.Time
	sync func(*os.File) error
	free *FreeSpace
}

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
	j := &Journal{dir: path, now: opts.Now, sync: files.Sync, free: opts.Free}
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
// the same, but is not found by its prefix. A nil Journal notes nothing.
func (j *Journal) Note(ctx context.Context, key variant.Key) error {
	if j == nil || j.isNoted(key) || j.free.Low() {
		return nil
	}
	if err := j.write(ctx, key); err != nil {
		return fmt.Errorf("journal of the cache: %w", err)
	}
	return nil
}

func (j *Journal) write(ctx context.Context, key variant.Key) error {
	f, err := files.OpenLocked(ctx, j.shard(key), os.O_WRONLY|os.O_APPEND, unix.LOCK_SH)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(appendNote(nil, j.now(), key)); err != nil {
		return err
	}
	failpoint.Reach("key written")
	if err := j.sync(f); err != nil {
		return err
	}
	failpoint.Reach("key synced")
	return nil
}

const (
	// recentBytes is how much of the end of a file is searched for a recent line: some 300 keys.
	recentBytes = 16 << 10
	// recentFor plus the time of a fetch is far below noteGrace.
	recentFor = 20 * time.Minute
)

// isNoted reports whether a recent line of key is on the disk.
func (j *Journal) isNoted(key variant.Key) bool {
	f, err := os.Open(j.shard(key))
	if err != nil {
		return false
	}
	defer f.Close()
	size, _ := f.Seek(0, io.SeekEnd)
	recent := make([]byte, min(size, recentBytes))
	n, _ := f.ReadAt(recent, size-int64(len(recent)))
	quoted := strconv.AppendQuote([]byte{' '}, string(key))
	i := bytes.LastIndex(recent[:n], quoted)
	if i < 0 {
		return false
	}
	line, ok := parseNote(recent[bytes.LastIndexByte(recent[:i], '\n')+1 : i+len(quoted)])
	age := j.now().Sub(line.at)
	// The process that has written it may not have synced it yet.
	return ok && age >= 0 && age < recentFor && j.sync(f) == nil
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

// notes yields the notes of a shard that r has. It skips lines that are damaged, and keys
// that belong to another shard.
func notes(r io.Reader, shard string) iter.Seq2[note, error] {
	return func(yield func(note, error) bool) {
		lines := bufio.NewReaderSize(r, 4*maxLine)
		for {
			line, err := lines.ReadSlice('\n')
			n, ok := parseNote(bytes.TrimSuffix(line, []byte{'\n'}))
			ok = ok && err != bufio.ErrBufferFull && string(n.key.Name()[:shardDigits]) == shard
			if ok && !yield(n, nil) {
				return
			}
			switch err {
			case nil, bufio.ErrBufferFull: // the rest of a line that is too long is damaged, too
			case io.EOF:
				return
			default:
				yield(note{}, fmt.Errorf("journal of the cache: %w", err))
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
