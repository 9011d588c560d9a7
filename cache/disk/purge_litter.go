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

// litterAge is how long a temporary file has not been written to when nobody
// will: no body takes that long to arrive.
const litterAge = time.Hour

// sweep removes from tmp/ what a crash has left. The age is that of the ctime,
// which nobody can set: mtime and atime are the body's.
func (p *purger) sweep(s *Summary) {
	dir, err := os.Open(filepath.Join(p.dir, Temporary))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		defer dir.Close()
		var names []string
		names, err = dir.Readdirnames(-1)
		w := &worker{purger: p}
		for _, name := range names {
			w.sweepOne(int(dir.Fd()), name, s)
		}
	}
	if err != nil {
		s.fail(err)
	}
}

func (w *worker) sweepOne(dir int, name string, s *Summary) {
	if !strings.HasSuffix(name, TemporarySuffix) {
		return
	}
	if err := w.lstat(dir, name); err != nil || w.stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return
	}
	if w.start.Sub(time.Unix(w.stat.Ctim.Unix())) <= litterAge {
		return
	}
	switch err := w.remove(dir, name); err {
	case nil:
		s.Litter = s.Litter.Plus(w.file(name).count)
	case unix.ENOENT:
	default:
		s.fail(fmt.Errorf("remove %s/%s: %w", Temporary, name, err))
	}
}

func (s *Summary) fail(err error) {
	s.Failed++
	if s.Failure == "" {
		s.Failure = err.Error()
	}
}
