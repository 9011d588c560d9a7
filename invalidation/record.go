package invalidation

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// A segment is a file of lines: a header, then one for each event, with a checksum, since
// a crash or a power cut may leave a part of what was written:
//
//	thumbery invalidations 1 LOG BORN INODE
//	SEQ MILLISECONDS WRITER forget|relay|late "KEY" CRC
//
// WRITER is the Log value that has appended it, BORN the Unix time at which the cache
// directory was empty, or 0, and INODE that of the log's directory, which a copy does not have.

const (
	forgetWord, relayWord, lateWord = "forget", "relay", "late"

	// maxRecord is longer than any line: of a key, each byte becomes 4 at most.
	maxRecord = 4*variant.MaxKeyBytes + 128
	// maxHeader is longer than any header.
	maxHeader = 128
)

func appendRecord(b []byte, e Event, writer string) []byte {
	word := forgetWord
	switch {
	case e.Late:
		word = lateWord
	case e.Relayed:
		word = relayWord
	}
	start := len(b)
	b = fmt.Appendf(b, "%d %d %s %s %q ", e.Seq, e.At.UnixMilli(), writer, word, string(e.Key))
	return fmt.Appendf(b, "%08x\n", crc32.ChecksumIEEE(b[start:]))
}

// parseRecord parses a line with its line break. ok is false for what appendRecord has not
// written in full.
func parseRecord(line []byte) (e Event, writer string, ok bool) {
	fields := strings.SplitN(string(line), " ", 5)
	if len(fields) < 5 {
		return e, "", false
	}
	quoted, _ := strconv.QuotedPrefix(fields[4])
	text, _ := strconv.Unquote(quoted)
	key, err := variant.ParseKey(text)
	seq, seqErr := strconv.ParseUint(fields[0], 10, 64)
	ms, msErr := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || seqErr != nil || msErr != nil {
		return e, "", false
	}
	e = Event{Seq: seq, Key: key, At: time.UnixMilli(ms), Relayed: fields[3] != forgetWord, Late: fields[3] == lateWord}
	writer = fields[2]
	return e, writer, bytes.Equal(line, appendRecord(make([]byte, 0, len(line)), e, writer))
}

// entry is a record in a segment.
type entry struct {
	Event
	writer string
	end    int64 // where its line ends in the file
}

// entries yields the records of r, which begins at offset in the file. It skips lines that
// are damaged, which it counts, and those whose Seq is not greater than all before and than
// last. An error is that of r.
func entries(r io.Reader, offset int64, last uint64, damaged *int) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		lines := bufio.NewReaderSize(r, 2*maxRecord)
		for {
			line, err := lines.ReadSlice('\n')
			offset += int64(len(line))
			if err == bufio.ErrBufferFull {
				continue // the rest of the line is no record, either
			}
			if err != nil {
				if err != io.EOF {
					yield(entry{}, err)
				}
				return
			}
			e, writer, ok := parseRecord(line)
			if !ok {
				*damaged++
			}
			if !ok || e.Seq <= last {
				continue
			}
			last = e.Seq
			if !yield(entry{e, writer, offset}, nil) {
				return
			}
		}
	}
}

// header is the first line of a segment.
type header struct {
	id   string
	born int64 // Unix time; 0 is unknown
	// inode is that of the log's directory.
	inode uint64
}

// logID is what rand.Text returns.
var logID = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// IsID reports that s may be the ID of a log. It is safe as the name of a file.
func IsID(s string) bool { return logID.MatchString(s) }

const headerStart = "thumbery invalidations 1 "

func (h header) String() string {
	return fmt.Sprintf("%s%s %d %d\n", headerStart, h.id, h.born, h.inode)
}

// readHeader returns the header of a segment, and its length in bytes. ok is false if there
// is none, or one of another version.
func readHeader(r io.Reader) (h header, n int64, ok bool) {
	b, err := io.ReadAll(io.LimitReader(r, maxHeader))
	line, _, ended := bytes.Cut(b, []byte{'\n'})
	rest, ours := strings.CutPrefix(string(line), headerStart)
	fields := strings.Split(rest, " ")
	if err != nil || !ended || !ours || len(fields) != 3 || !IsID(fields[0]) {
		return h, 0, false
	}
	born, err := strconv.ParseInt(fields[1], 10, 64)
	inode, inodeErr := strconv.ParseUint(fields[2], 10, 64)
	return header{fields[0], born, inode}, int64(len(line) + 1), err == nil && inodeErr == nil
}
