package disk

import (
	"context"
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
func (p *purger) removeStaleTemps(ctx context.Context, s *Summary) {
	tmp, err := os.Open(filepath.Join(p.dir, Temporary))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		defer tmp.Close()
		err = eachName(ctx, tmp, func(name string) { p.removeStaleTemp(tmp, name, s) })
	}
	s.fail(err)
}

func (p *purger) removeStaleTemp(tmp *os.File, name string, s *Summary) {
	st, err := lstat(tmp, name)
	if err != nil || !isRegular(&st) || !strings.HasSuffix(name, TemporarySuffix) || p.start.Sub(time.Unix(st.Ctim.Unix())) <= staleTempAge {
		return
	}
	switch err := p.remove(tmp, name); err {
	case nil:
		s.StaleTemps = s.StaleTemps.Plus(sizeOf(&st))
	case unix.ENOENT:
	default:
		s.fail(fmt.Errorf("remove %s/%s: %w", Temporary, name, err))
	}
}
