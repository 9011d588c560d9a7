package disk

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// note is one line of the journal.
type note struct {
	at  time.Time
	key variant.Key
}

// parseNote reads what appendNote wrote, without the line break. It reports
// false for what a crash has left.
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

// maxLine is more than a line of the longest key takes, each of whose bytes
// becomes 4 at most. A longer one is what a crash has left.
const maxLine = 32 + 4*variant.MaxKeyBytes

// lineReaders are used again: a purge reads 256 files of the journal, and one by prefix
// as many.
var lineReaders = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 16*maxLine) }}

// lines yields the lines of r that are not longer than maxLine, and an error
// at the end if there was one. A line is good until the next one.
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

// notes yields what r has of a shard: what is damaged is left out, and so is
// what does not belong there.
func notes(r io.Reader, shard string) iter.Seq2[note, error] {
	return func(yield func(note, error) bool) {
		for line, err := range lines(r) {
			if err != nil {
				yield(note{}, err)
				return
			}
			n, ok := parseNote(line)
			if ok && string(n.key.Name()[:shardDigits]) == shard && !yield(n, nil) {
				return
			}
		}
	}
}

// openShard opens a file of the journal of the cache directory dir; nil if there
// is none.
func openShard(dir, shard string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, journalDir, shard))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}
