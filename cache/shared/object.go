package shared

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/variant"
)

// Object is an entry. Its Data must not change.
type Object struct {
	Data      []byte
	Sum       uint32 // the CRC-32C of Data
	ModTime   time.Time
	MediaType string
}

// errInvalid means that an object is not what this package has written under its key.
var errInvalid = failure.With(failure.Answered, errors.New("damaged, cut off, or not written by Thumbery"))

// format is the version of what is in the bucket. Objects of another one are invalid.
const format = "1"

// note is what is kept beside the body: "FORMAT SECONDS CRC-32C MEDIA-TYPE", with a dash for
// no time. The checksum is that of the body followed by the name, so that a copy of the object
// under another name is invalid.
func (o Object) note(name variant.Name) string {
	date := "-"
	if !o.ModTime.IsZero() {
		date = strconv.FormatInt(o.ModTime.Unix(), 10)
	}
	return fmt.Sprintf("%s %s %08x %s", format, date, sumWith(o.Sum, name), o.MediaType)
}

// maxSeconds is the end of the year 9999: dates in HTTP have four digits.
const maxSeconds = 253402300799

// sumWith is the checksum of a body, of which sum is the checksum, and a name.
func sumWith(sum uint32, name variant.Name) uint32 {
	return crc32.Update(sum, castagnoli, []byte(name))
}

// parseNote reads a note. Everything but the body is set in the Object; its Sum is that of
// the body and the name. The error is errInvalid.
func parseNote(text string) (o Object, err error) {
	var date string
	_, err = fmt.Sscanf(text, format+" %s %x %s", &date, &o.Sum, &o.MediaType)
	if date != "-" {
		seconds, _ := strconv.ParseInt(date, 10, 64)
		if seconds < -maxSeconds || seconds > maxSeconds {
			return Object{}, errInvalid
		}
		o.ModTime = time.Unix(seconds, 0).UTC()
	}
	if err != nil || o.note("") != text {
		return Object{}, errInvalid
	}
	return o, nil
}

// open makes an Object of a body and its note. The error is errInvalid.
func (s *Store) open(name variant.Name, body []byte, note string) (Object, error) {
	o, err := parseNote(note)
	if err != nil {
		return Object{}, err
	}
	noted := o.Sum
	o.Data, o.Sum = body, crc32.Checksum(body, castagnoli)
	if len(body) == 0 || noted != sumWith(o.Sum, name) || !s.Valid(o) {
		return Object{}, errInvalid
	}
	return o, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
