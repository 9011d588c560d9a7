// Package quarantine remembers which pictures a process was working on when it died, so that
// a picture that crashes one process does not crash the next one, too.
package quarantine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// Dir is the directory of the quarantine below the cache directory.
const Dir = "quarantine"

const (
	// duration is how long a picture is refused, from when the next process finds it.
	duration = time.Hour
	// maxEntries bounds the number of files. The oldest are removed first.
	maxEntries = 256
)

// Quarantine refuses pictures for an hour. Pictures that were processed at the moment of
// the crash cannot be told from the one at fault, and are refused as well.
//
// The directory has an empty file for each of them, named by entryOf, whose mtime is when
// it came into quarantine; and a work file (see workFile) of each process that is alive.
// That survives the death of a process, but not of the machine: nothing is synced.
//
// Its methods may be called by several goroutines.
type Quarantine struct {
	dir  string
	now  func() time.Time
	work workFile
}

// Open opens the quarantine of a cache directory, and returns how many pictures of
// processes that died it has found. The Quarantine can be used whatever err is. err says
// why not all of them could be found, or why nothing will be remembered, as on a read-only
// disk. The caller closes it when the process is to end.
func Open(cacheDir string, now func() time.Time) (q *Quarantine, found int, err error) {
	dir := filepath.Join(cacheDir, Dir)
	q = &Quarantine{dir: dir, now: now, work: workFile{dir: dir}}
	found, err = q.takeOverAll()
	if err = errors.Join(err, q.trim(), q.work.open()); err != nil {
		err = fmt.Errorf("quarantine of the cache: %w", err)
	}
	return q, found, err
}

// Close is to be called when the process is told to stop: if it is killed later, what it
// is working on does not come into quarantine. What is in quarantine stays there.
func (q *Quarantine) Close() { q.work.close() }

// Begin records that work begins on an original of that size in bytes and that
// modification time, or on something made of it. The caller calls end when the work is
// done. ok is false, and nothing is recorded, if this version of the original is in
// quarantine. Both together cost seven system calls. Errors are ignored: what cannot be
// written is not remembered.
func (q *Quarantine) Begin(original variant.Name, size int64, modTime time.Time) (end func(), ok bool) {
	entry := entryOf(original, size, modTime)
	if q.holds(entry) {
		return nil, false
	}
	return q.work.begin(entry), true
}

// Forget removes all versions of a picture from quarantine.
func (q *Quarantine) Forget(source variant.Name) error { return remove(q.dir, source) }

// Forget removes all versions of a picture from the quarantine of a cache directory.
func Forget(cacheDir string, source variant.Name) error {
	return remove(filepath.Join(cacheDir, Dir), source)
}

func remove(dir string, source variant.Name) error {
	names, err := files.Names(dir)
	for _, name := range names {
		if isEntry(name) && sourceOf(name) == source {
			err = errors.Join(err, files.Unlink(filepath.Join(dir, name)))
		}
	}
	return err
}

// Sources returns the pictures in the quarantine of a cache directory. With takeOver, those
// of processes that died, and that no process has found yet, are put there first.
func Sources(cacheDir string, takeOver bool) (sources []variant.Name, err error) {
	q := &Quarantine{dir: filepath.Join(cacheDir, Dir), now: time.Now}
	if takeOver {
		_, err = q.takeOverAll()
	}
	names, namesErr := files.Names(q.dir)
	for _, name := range names {
		if isEntry(name) {
			sources = append(sources, sourceOf(name))
		}
	}
	return sources, errors.Join(err, namesErr)
}

// holds reports whether an entry is in quarantine. It is not if the disk cannot be read.
func (q *Quarantine) holds(entry string) bool {
	var st unix.Stat_t
	err := unix.Lstat(filepath.Join(q.dir, entry), &st)
	return err == nil && q.lasts(time.Unix(st.Mtim.Unix()))
}

// lasts reports whether an entry that came into quarantine at since is still there.
func (q *Quarantine) lasts(since time.Time) bool { return q.now().Sub(since).Abs() < duration }

// add puts an entry into quarantine, from now on.
func (q *Quarantine) add(entry string) error {
	path := filepath.Join(q.dir, entry)
	f, err := files.OpenOrCreate(path, os.O_WRONLY|unix.O_NONBLOCK)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Chtimes(path, q.now(), q.now()))
}

// takeOverAll puts into quarantine what processes that died were working on.
func (q *Quarantine) takeOverAll() (found int, err error) {
	names, err := files.Names(q.dir)
	for _, name := range names {
		if strings.HasSuffix(name, workSuffix) {
			n, takeErr := q.takeOver(filepath.Join(q.dir, name))
			found, err = found+n, errors.Join(err, takeErr)
		}
	}
	return found, err
}

// takeOver does that for one work file, and removes it.
func (q *Quarantine) takeOver(path string) (found int, err error) {
	f, err := openLocked(path)
	if err == unix.EWOULDBLOCK || errors.Is(err, fs.ErrNotExist) {
		return 0, nil // its process is alive, or another process has taken it over
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	entries, err := readEntries(f)
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		if err := q.add(entry); err != nil {
			return found, err // the next process tries again
		}
		found++
	}
	return found, files.Unlink(path)
}

// readEntries reads the entries of a work file, each once. Anybody may have written it.
func readEntries(f *os.File) (entries []string, err error) {
	data, err := io.ReadAll(io.LimitReader(f, maxSlots*slotBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	for slot := range slices.Chunk(data, slotBytes) {
		if name := string(bytes.TrimRight(slot, "\x00")); isEntry(name) {
			entries = append(entries, name)
		}
	}
	slices.Sort(entries)
	return slices.Compact(entries), nil
}

// trim removes the entries whose time is over, and the oldest ones if there are too many.
func (q *Quarantine) trim() error {
	names, err := files.Names(q.dir)
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
		if i >= maxEntries || !q.lasts(since[name]) {
			err = errors.Join(err, files.Unlink(filepath.Join(q.dir, name)))
		}
	}
	return err
}

// entryOf is the name of a file in quarantine: source, size and modification time of an
// original, without the cache buster, since anybody can invent another one.
func entryOf(original variant.Name, size int64, modTime time.Time) string {
	version := int64(0)
	if !modTime.IsZero() {
		version = modTime.Unix()
	}
	return fmt.Sprintf("%s-%x-%x", sourceOf(string(original)), uint64(size), uint64(version))
}

var entryPattern = regexp.MustCompile(`^[0-9a-f]{32}-[0-9a-f]{1,16}-[0-9a-f]{1,16}$`)

// isEntry reports whether entryOf may have returned a name.
func isEntry(name string) bool { return entryPattern.MatchString(name) }

// sourceOf returns the first part of a name.
func sourceOf(name string) variant.Name {
	source, _, _ := strings.Cut(name, "-")
	return variant.Name(source)
}
