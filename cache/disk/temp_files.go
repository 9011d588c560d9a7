package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// staleTempAge is how long a temp file has not been written to when its process is taken
// for dead. No body takes that long to arrive.
const staleTempAge = time.Hour

// removeStaleTemps removes from tmp/ what processes left when they died. The age is that
// of the ctime, which nobody can set: mtime and atime are those of the body.
func (p *purger) removeStaleTemps(s *Summary) {
	d, err := os.Open(filepath.Join(p.dir, Temporary))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		defer d.Close()
		var names []string
		names, err = d.Readdirnames(-1)
		w := &worker{pass: &pass{purger: p}}
		for _, name := range names {
			w.removeStaleTemp(int(d.Fd()), name, s)
		}
	}
	if err != nil {
		s.fail(err)
	}
}

func (w *worker) removeStaleTemp(dir int, name string, s *Summary) {
	if !strings.HasSuffix(name, TemporarySuffix) {
		return
	}
	if err := w.lstat(dir, name); err != nil || w.stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return
	}
	if w.start.Sub(time.Unix(w.stat.Ctim.Unix())) <= staleTempAge {
		return
	}
	switch err := w.remove(dir, name); err {
	case nil:
		s.StaleTemps = s.StaleTemps.Plus(w.file().count)
	case unix.ENOENT:
	default:
		s.fail(fmt.Errorf("remove %s/%s: %w", Temporary, name, err))
	}
}
