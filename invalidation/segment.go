package invalidation

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/files"
)

// segment is a file of the log, as far as it has been read.
type segment struct {
	path string
	header
	first uint64 // the Seq of its first event, which is its name
	last  uint64 // that of its last event; first-1 if there is none
	told  uint64 // that of the last one that was not Relayed; 0 if there is none
	size  int64  // where the last event ends in the file
	marks []mark // in order, the first at the header's end
}

// mark says where to read what is after an event.
type mark struct {
	seq    uint64
	offset int64
}

// markEvery bounds how many events are read to find one.
const markEvery = 512

const suffix = ".log"

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, suffix))
}

// segmentsIn returns the first Seq of each segment in a directory, in order.
func segmentsIn(dir string) (firsts []uint64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), suffix)
		first, err := strconv.ParseUint(digits, 10, 64)
		if ok && err == nil && first > 0 && segmentPath(dir, first) == filepath.Join(dir, e.Name()) {
			firsts = append(firsts, first)
		}
	}
	slices.Sort(firsts)
	return firsts, nil
}

// errNoSegment means that a file is not a segment of this version.
var errNoSegment = errors.New("not a file of invalidations of this version")

// read reads what was appended since the last read, by whomever. What a killed process has
// left of a record is removed; the log must be locked. Nobody is told of a record before
// sync has returned: its number would be used again after a power cut. damaged is how many
// whole lines were no records.
func (s *segment) read(sync func(*os.File) error) (damaged int, err error) {
	f, err := os.OpenFile(s.path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	h, n, ok := readHeader(io.NewSectionReader(f, 0, maxHeader))
	if !ok {
		return 0, errNoSegment
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if h != s.header || info.Size() < s.size {
		*s = segment{path: s.path, header: h, first: s.first, last: s.first - 1, size: n, marks: []mark{{s.first - 1, n}}}
	}
	if info.Size() == s.size {
		return 0, nil
	}
	for e, err := range entries(io.NewSectionReader(f, s.size, info.Size()-s.size), s.size, s.last, &damaged) {
		if err != nil {
			return damaged, err
		}
		s.add(e)
	}
	if s.size < info.Size() {
		if err := f.Truncate(s.size); err != nil {
			return damaged, err
		}
	}
	return damaged, sync(f)
}

func (s *segment) add(e entry) {
	s.last, s.size = e.Seq, e.end
	if !e.Relayed {
		s.told = e.Seq
	}
	if e.Seq-s.marks[len(s.marks)-1].seq >= markEvery {
		s.marks = append(s.marks, mark{e.Seq, e.end})
	}
}

// after appends to events those after seq, up to limit in total.
func (s *segment) after(seq uint64, limit int, writer string, events []Event) ([]Event, error) {
	if seq >= s.last || len(events) >= limit {
		return events, nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	i, found := slices.BinarySearchFunc(s.marks, seq, func(m mark, seq uint64) int {
		return int(min(max(int64(m.seq-seq), -1), 1))
	})
	if !found {
		i = max(i-1, 0)
	}
	from := s.marks[i]
	var damaged int // read has counted them
	for e, err := range entries(io.NewSectionReader(f, from.offset, s.size-from.offset), from.offset, from.seq, &damaged) {
		if err != nil {
			return nil, err
		}
		if e.Seq <= seq {
			continue
		}
		e.Own = e.writer == writer
		if events = append(events, e.Event); len(events) == limit {
			break
		}
	}
	return events, nil
}

// create creates a segment, which is there in full or not at all.
func create(dir string, first uint64, h header) error {
	tmp := filepath.Join(dir, "new")
	_ = os.Remove(tmp) // of a killed process
	err := files.Replace(segmentPath(dir, first), tmp, func(w io.Writer) error {
		_, err := io.WriteString(w, h.String())
		return err
	})
	if err != nil {
		return err
	}
	return syncDirectory(dir)
}

func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
