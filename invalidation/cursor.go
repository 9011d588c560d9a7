package invalidation

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/files"
)

const (
	cursorDirectory = "cursors"
	// cursorAge is the time after which a cursor in the log of a peer is removed, unless it was
	// saved again.
	cursorAge = 30 * 24 * time.Hour
)

func (c Cursor) String() string { return fmt.Sprintf("%s %d\n", c.Log, c.Seq) }

// Cursor returns the cursor that was saved under a name. ok is false if there is none, or it
// cannot be read.
func (l *Log) Cursor(name string) (c Cursor, ok bool) {
	text, err := os.ReadFile(l.cursorPath(name))
	if err != nil {
		return c, false
	}
	return parseCursor(string(text))
}

func parseCursor(text string) (c Cursor, ok bool) {
	_, err := fmt.Sscanf(text, "%s %d\n", &c.Log, &c.Seq)
	return c, err == nil && IsID(c.Log) && text == c.String()
}

// SaveCursor saves a cursor under a name, which is the ID of a peer's log, or that of a
// consumer in lower-case letters. Two processes may save the same one: either is right. If it
// fails, which is logged, some events come twice after a restart.
func (l *Log) SaveCursor(name string, c Cursor) {
	path := l.cursorPath(name)
	err := files.Replace(path, path+"."+l.writer, func(w io.Writer) error {
		_, err := io.WriteString(w, c.String())
		return err
	})
	if err != nil {
		l.options.Log.Warn("some pictures will be forgotten again after a restart", "consumer", name, "cause", err)
	}
}

func (l *Log) cursorPath(name string) string { return filepath.Join(l.dir, cursorDirectory, name) }

// ForgetCursors removes those cursors in logs of peers that were not saved for 30 days, and
// what killed processes have left.
func (l *Log) ForgetCursors() error {
	entries, err := os.ReadDir(filepath.Join(l.dir, cursorDirectory))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		id, _, isTemp := strings.Cut(e.Name(), ".")
		info, infoErr := e.Info()
		if infoErr == nil && (IsID(id) || isTemp) && l.options.Now().Sub(info.ModTime()) >= cursorAge {
			err = errors.Join(err, os.Remove(l.cursorPath(e.Name())))
		}
	}
	return err
}
