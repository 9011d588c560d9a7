package invalidation

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// A file of the log has a line for the log, and then one for each event, with a checksum, since
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
// written in full, byte for byte.
func parseRecord(line []byte) (e Event, writer string, ok bool) {
	fields := strings.SplitN(string(line), " ", 5)
	if len(fields) < 5 {
		return e, "", false
	}
	seq, _ := strconv.ParseUint(fields[0], 10, 64)
	ms, _ := strconv.ParseInt(fields[1], 10, 64)
	quoted, _ := strconv.QuotedPrefix(fields[4])
	text, _ := strconv.Unquote(quoted)
	key, err := variant.ParseKey(strings.Clone(text)) // which is kept, and the line is not
	e = Event{Seq: seq, Key: key, At: time.UnixMilli(ms), Relayed: fields[3] != forgetWord, Late: fields[3] == lateWord}
	return e, fields[2], err == nil && bytes.Equal(line, appendRecord(make([]byte, 0, len(line)), e, fields[2]))
}

// header is the first line of a file.
type header struct {
	id    string
	born  int64 // Unix time; 0 is unknown
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

// parseHeader returns the header at the start of a file. ok is false if there is none, or one
// of another version.
func parseHeader(start []byte) (h header, ok bool) {
	_, err := fmt.Sscanf(string(start), headerStart+"%s %d %d\n", &h.id, &h.born, &h.inode)
	return h, err == nil && IsID(h.id) && bytes.HasPrefix(start, []byte(h.String()))
}
