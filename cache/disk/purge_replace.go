package disk

import (
	"crypto/rand"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// replaceFile writes a file below the cache directory in one step for those who
// read it, and for a power cut. It leaves the file to whom it belongs: cron often
// runs as root, and the server must go on writing.
func replaceFile(dir, name string, write func(io.Writer) error) error {
	tmp := filepath.Join(dir, Temporary, rand.Text()+TemporarySuffix)
	f, err := createTemporary(tmp)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, name)
	if err = giveTo(ownerOf(path), f); err == nil {
		err = write(f)
	}
	if err == nil {
		err = syncData(f)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
	}
	return err
}

// owner is who a file belongs to; -1 is nobody in particular.
type owner struct{ uid, gid int }

func ownerOf(path string) owner {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return owner{-1, -1}
	}
	return owner{int(st.Uid), int(st.Gid)}
}

func giveTo(o owner, f *os.File) error {
	if o == ownerOf(f.Name()) {
		return nil
	}
	return f.Chown(o.uid, o.gid)
}
