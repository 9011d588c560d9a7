package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/variant"
)

const (
	// quarantineFor is how long a picture is left alone, from the start of the first
	// process after the one that died.
	quarantineFor = time.Hour
	// maxQuarantined bounds the number of files; the oldest go first.
	maxQuarantined = 256
)

// Quarantine remembers which pictures a process was working on when it died, so that
// what ends a process does not end the next one, too. A picture that others were made
// beside at that moment cannot be told from it, and is left alone as well.
//
// An empty file in its directory, named by a source and its version, says since its
// mtime that this is left alone. Files with workingSuffix are what processes that may
// be alive are working on. That holds against the death of processes and not of the
// machine: no disk is waited for.
//
// Its methods may be called by several goroutines.
type Quarantine struct {
	dir  string
	now  func() time.Time
	work workFile
}

// OpenQuarantine returns that of a cache directory, which it makes if it is missing,
// and how many pictures it has found that a process was working on when it died. It
// can be used whatever err is, which says why not all of that could be found out, or
// why nothing will be remembered, as on a read-only disk. The caller closes it when
// the process is to end.
func OpenQuarantine(dir string, now func() time.Time) (q *Quarantine, found int, err error) {
	dir = filepath.Join(dir, Quarantined)
	q = &Quarantine{dir: dir, now: now, work: workFile{dir: dir}}
	found, err = q.collect()
	if err = errors.Join(err, q.work.open()); err != nil {
		err = fmt.Errorf("quarantine of the cache: %w", err)
	}
	return q, found, err
}

// Close is to be called when the process is told to stop: pictures on which it works
// from then on do not come into quarantine if it is killed. Those that are in quarantine
// stay there.
func (q *Quarantine) Close() { q.work.close() }

// Begin notes that work begins on an original of so many bytes and that modification
// time, or on what was made of it; the caller calls end when it is over. ok is false,
// and nothing is noted, if a process died of this version of it, perhaps, less than an
// hour ago. Both together cost seven system calls. Where nothing can be
// written, nothing is remembered.
func (q *Quarantine) Begin(original variant.Name, size int64, modTime time.Time) (end func(), ok bool) {
	entry := entryOf(original, size, modTime)
	if q.holds(entry) {
		return nil, false
	}
	return q.work.begin(entry), true
}

// Forget lets a picture be worked on again, in all its versions.
func (q *Quarantine) Forget(source variant.Name) error {
	names, err := readNames(q.dir)
	for _, name := range names {
		if own, _, _ := strings.Cut(name, "-"); own == string(source) && isEntry(name) {
			err = errors.Join(err, unlink(filepath.Join(q.dir, name)))
		}
	}
	return err
}

// holds reports that an entry is in quarantine. A disk that cannot be read says
// nothing.
func (q *Quarantine) holds(entry string) bool {
	var st unix.Stat_t
	if unix.Lstat(filepath.Join(q.dir, entry), &st) != nil {
		return false
	}
	return q.lasts(time.Unix(st.Mtim.Unix()))
}

// lasts reports that what came into quarantine then still is.
func (q *Quarantine) lasts(since time.Time) bool { return q.now().Sub(since).Abs() < quarantineFor }

// add puts an entry into quarantine, for an hour from now.
func (q *Quarantine) add(entry string) error {
	path := filepath.Join(q.dir, entry)
	f, err := openOrCreate(path, os.O_WRONLY|unix.O_NONBLOCK)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), setTimes(path, q.now(), q.now()))
}

// collect adds what processes that have died were working on, and removes what is no
// longer of use.
func (q *Quarantine) collect() (found int, err error) {
	found, err = q.takeOverAll()
	return found, errors.Join(err, q.trim())
}

// takeOverAll adds what processes that have died were working on.
func (q *Quarantine) takeOverAll() (found int, err error) {
	names, err := readNames(q.dir)
	for _, name := range names {
		if strings.HasSuffix(name, workingSuffix) {
			n, overErr := q.takeOver(filepath.Join(q.dir, name))
			found, err = found+n, errors.Join(err, overErr)
		}
	}
	return found, err
}

// takeOver adds what a process was working on, if it has died.
func (q *Quarantine) takeOver(path string) (found int, err error) {
	entries, unlock, err := leftWorking(path)
	if err != nil || unlock == nil {
		return 0, err
	}
	defer unlock()
	for _, entry := range entries {
		if err := q.add(entry); err != nil {
			return found, err // the next process tries again
		}
		found++
	}
	return found, unlink(path)
}

// trim removes what has been in quarantine for its time, and the oldest of what are
// too many.
func (q *Quarantine) trim() error {
	names, err := readNames(q.dir)
	if err != nil {
		return err
	}
	since := map[string]time.Time{}
	for _, name := range names {
		if info, err := os.Lstat(filepath.Join(q.dir, name)); err == nil && isEntry(name) {
			since[name] = info.ModTime()
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return since[name].IsZero() })
	slices.SortFunc(names, func(a, b string) int { return since[b].Compare(since[a]) })
	for i, name := range names {
		if i >= maxQuarantined || !q.lasts(since[name]) {
			err = errors.Join(err, unlink(filepath.Join(q.dir, name)))
		}
	}
	return err
}

// entryOf is the name of a file in quarantine. The cache buster of an original is not
// part of it, as anybody can think of another one.
func entryOf(original variant.Name, size int64, modTime time.Time) string {
	source, _, _ := strings.Cut(string(original), "-")
	version := int64(0)
	if !modTime.IsZero() {
		version = modTime.Unix()
	}
	return fmt.Sprintf("%s-%x-%x", source, uint64(size), uint64(version))
}

// isEntry reports that a name is one of entryOf, whoever has written it.
func isEntry(name string) bool {
	const hex, source, number = "0123456789abcdef", 32, 16
	parts := strings.Split(name, "-")
	if len(parts) != 3 || len(parts[0]) != source {
		return false
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, hex) != "" {
			return false
		}
	}
	return len(parts[1]) <= number && len(parts[2]) <= number
}

// readNames lists a directory; one that is not there is empty.
func readNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// unlink removes a file that may be gone already.
func unlink(path string) error {
	if err := unix.Unlink(path); err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
