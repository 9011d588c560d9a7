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
	"time"

	"github.com/thumbery/thumbery/internal/files"
)

const (
	cursorDirectory = "cursors"
	// A cursor in the log of a peer is forgotten when it was not saved for that long, or
	// if there are more.
	cursorAge  = 30 * 24 * time.Hour
	maxCursors = 1000
)

// Cursor returns the cursor that was saved under a name. ok is false if there is none, or it
// cannot be read.
func (l *Log) Cursor(name string) (c Cursor, ok bool) {
	f, err := os.Open(l.cursorPath(name))
	if err != nil {
		return c, false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxHeader))
	if err != nil {
		return c, false
	}
	return parseCursor(string(b))
}

func parseCursor(text string) (c Cursor, ok bool) {
	id, rest, _ := strings.Cut(text, " ")
	digits, ended := strings.CutSuffix(rest, "\n")
	seq, err := strconv.ParseUint(digits, 10, 64)
	return Cursor{id, seq}, IsID(id) && ended && err == nil
}

// SaveCursor saves a cursor under a name, which is the ID of a peer's log, or that of a
// consumer in lower-case letters. Two processes may save the same one: either is right.
func (l *Log) SaveCursor(name string, c Cursor) error {
	path := l.cursorPath(name)
	tmp := path + "." + l.writer
	err := files.Replace(path, tmp, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s %d\n", c.Log, c.Seq)
		return err
	})
	if err != nil {
		return fmt.Errorf("cursor of invalidations: %w", err)
	}
	return nil
}

func (l *Log) cursorPath(name string) string { return filepath.Join(l.dir, cursorDirectory, name) }

// ForgetCursors removes those cursors in logs of peers that were not saved for 30 days, and
// the oldest beyond 1,000, and what killed processes have left.
func (l *Log) ForgetCursors() error {
	entries, err := os.ReadDir(filepath.Join(l.dir, cursorDirectory))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var old []fs.FileInfo
	for _, e := range entries {
		id, _, _ := strings.Cut(e.Name(), ".")
		if info, err := e.Info(); err == nil && (IsID(id) || id != e.Name()) {
			old = append(old, info)
		}
	}
	slices.SortFunc(old, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	kept := 0
	for kept < len(old) && kept < maxCursors && l.options.Now().Sub(old[kept].ModTime()) < cursorAge {
		kept++
	}
	for _, info := range old[kept:] {
		err = errors.Join(err, os.Remove(l.cursorPath(info.Name())))
	}
	return err
}
