package invalidation

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/files"
)

// contents are what has been read of a log.
type contents struct {
	header
	files  []uint64 // the Seq that each file begins with, which is its name; in order
	events []Event
	last   uint64 // the Seq of the last event that was appended
	size   int64  // where the last event of the last file ends in it
}

// end is the Cursor after the last event that was read.
func (c *contents) end() Cursor { return Cursor{c.id, c.last} }

// since returns the events after seq.
func (c *contents) since(seq uint64) []Event {
	i, _ := slices.BinarySearchFunc(c.events, seq+1, func(e Event, seq uint64) int { return cmp.Compare(e.Seq, seq) })
	return slices.Clip(c.events[i:])
}

const suffix = ".log"

func (l *Log) path(first uint64) string {
	return filepath.Join(l.dir, fmt.Sprintf("%020d%s", first, suffix))
}

// listFiles returns the first Seq of each file, in order.
func (l *Log) listFiles() (firsts []uint64, err error) {
	entries, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		first, _ := strconv.ParseUint(strings.TrimSuffix(e.Name(), suffix), 10, 64)
		if first > 0 && l.path(first) == filepath.Join(l.dir, e.Name()) {
			firsts = append(firsts, first)
		}
	}
	slices.Sort(firsts)
	return firsts, nil
}

func (l *Log) removeFiles(firsts []uint64) error {
	for _, first := range firsts {
		if err := os.Remove(l.path(first)); err != nil {
			return err
		}
	}
	return nil
}

// read reads what was appended since the last read, by this process or another one, and
// wakes those who wait. The log must be locked.
func (l *Log) read() error {
	all, err := l.listFiles()
	if err != nil {
		return err
	}
	surplus := max(0, len(all)-maxFiles)
	if err := l.removeFiles(all[:surplus]); err != nil {
		return err
	}
	before := l.end()
	now, err := l.readFiles(all[surplus:])
	if err != nil {
		return err
	}
	copied, err := l.isCopied(now)
	if err != nil {
		return err
	}
	// All would be read anew, time and again, because of a file that is left out.
	useless := slices.DeleteFunc(all[surplus:], func(first uint64) bool { return slices.Contains(now.files, first) })
	if err := l.removeFiles(useless); err != nil {
		return err
	}
	// A log that has become shorter is another one: its next events would have the numbers
	// of others that consumers have had. So would those of a copy.
	if copied || now.id == "" || now.id == before.Log && now.last < before.Seq {
		if now, err = l.recreate(); err != nil {
			return err
		}
	}
	l.contents = now
	if l.opened == (Cursor{}) {
		l.opened = l.end()
	}
	if l.end() != before {
		l.wake()
	}
	return nil
}

// wake has those who wait look again. l.mu must be held.
func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// errOtherFile means that a file does not begin with a header of this version, or does not
// continue what was read of it before.
var errOtherFile = errors.New("not the file of invalidations that was expected")

// readFiles reads what has been added to the last file, if that is all that can have changed,
// and otherwise all files. The contents have no ID if the last file is not one of this version.
func (l *Log) readFiles(firsts []uint64) (c contents, err error) {
	if len(firsts) > 0 && slices.Equal(firsts, l.files) {
		c = l.contents
		if err := l.readFile(&c, firsts[len(firsts)-1]); !errors.Is(err, errOtherFile) {
			return c, err
		}
	}
	c = contents{}
	for _, first := range firsts {
		next := contents{last: first - 1}
		err := l.readFile(&next, first)
		switch {
		case errors.Is(err, errOtherFile):
			c = contents{}
			continue
		case err != nil:
			return contents{}, err
		case next.header != c.header || first <= c.last: // what is before belongs to another log
			c = contents{}
		}
		next.events, next.files = append(c.events, next.events...), append(c.files, first)
		c = next
	}
	return c, nil
}

// readFile adds the events of a file that c does not have yet. What a killed process has left of
// a record at its end is removed. The file is synced before anybody is told of an event, whose
// number would otherwise be used again after a power cut.
func (l *Log) readFile(c *contents, first uint64) error {
	f, err := os.OpenFile(l.path(first), os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	start := make([]byte, maxHeader)
	n, err := f.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h, ok := parseHeader(start[:n])
	switch {
	case !ok || c.size > 0 && (h != c.header || info.Size() < c.size):
		return errOtherFile
	case c.size == 0:
		c.header, c.size = h, int64(len(h.String()))
	}
	if info.Size() == c.size {
		return nil
	}
	damaged, err := c.add(io.NewSectionReader(f, c.size, info.Size()-c.size), l.writer)
	if damaged > 0 {
		l.options.Log.Warn("the log of invalidations is damaged: some pictures are not forgotten everywhere", "file", f.Name(), "lines", damaged)
	}
	if err == nil && c.size < info.Size() {
		err = f.Truncate(c.size)
	}
	return errors.Join(err, l.sync(f))
}

// add adds the events that r has, which is what the file has from c.size on. It skips lines that
// are damaged, and counts them, and events whose Seq is not greater than that of all before.
func (c *contents) add(r io.Reader, writer string) (damaged int, err error) {
	lines := bufio.NewReaderSize(r, 2*maxRecord)
	for offset := c.size; ; {
		line, err := lines.ReadSlice('\n')
		offset += int64(len(line))
		switch err {
		case nil:
		case bufio.ErrBufferFull:
			continue // the rest of the line is no record, either
		case io.EOF:
			return damaged, nil
		default:
			return damaged, err
		}
		e, by, ok := parseRecord(line)
		switch {
		case !ok:
			damaged++
		case e.Seq > c.last:
			e.Own = by == writer
			c.events, c.last, c.size = append(c.events, e), e.Seq, offset
		}
	}
}

// isCopied reports that the cache directory was copied with its log: two nodes would take each
// other for themselves. It looks once a process, as inodes may change where a file system
// is mounted again.
func (l *Log) isCopied(c contents) (bool, error) {
	if l.id != "" || c.id == "" {
		return false, nil
	}
	inode, err := inodeOf(l.dir)
	copied := err == nil && inode != c.inode
	if copied {
		l.options.Log.Warn("this cache directory was copied: its log of invalidations begins anew")
	}
	return copied, err
}

func inodeOf(dir string) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	return st.Ino, nil
}

// recreate begins a new log.
func (l *Log) recreate() (c contents, err error) {
	all, err := l.listFiles()
	if err == nil {
		err = l.removeFiles(all)
	}
	if err != nil {
		return c, err
	}
	inode, err := inodeOf(l.dir)
	if err != nil {
		return c, err
	}
	h := header{id: rand.Text(), inode: inode}
	if l.options.Empty && l.id == "" {
		h.born = l.options.Now().Unix()
	}
	return contents{header: h, files: []uint64{1}, size: int64(len(h.String()))}, l.createFile(1, h)
}

// createFile creates a file of the log, which is there in full or not at all.
func (l *Log) createFile(first uint64, h header) error {
	tmp := filepath.Join(l.dir, "new")
	_ = os.Remove(tmp) // of a killed process
	err := files.Replace(l.path(first), tmp, func(w io.Writer) error {
		_, err := io.WriteString(w, h.String())
		return err
	})
	if err != nil {
		return err
	}
	d, err := os.Open(l.dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// End is the Cursor after the last event.
func (l *Log) End(ctx context.Context) (end Cursor, err error) {
	err = l.locked(ctx, func() error { end = l.end(); return nil })
	return end, err
}

// Born is when the cache directory was empty, by this machine's clock; the zero time if
// that is not known.
func (l *Log) Born(ctx context.Context) (born time.Time, err error) {
	err = l.locked(ctx, func() error {
		if l.born > 0 {
			born = time.Unix(l.born, 0)
		}
		return nil
	})
	return born, err
}
