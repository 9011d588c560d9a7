package disk

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/failpoint"
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
	if err = giveTo(ownerOf(path), tmp); err == nil {
		err = write(f)
	}
	if err == nil {
		failpoint.Reach("replacement written")
		err = syncData(f)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		failpoint.Reach("replacement synced")
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	failpoint.Reach("replacement renamed")
	return nil
}

// owner is who a file belongs to; -1 is nobody in particular.
type owner struct{ uid, gid int }

// ownerOf is that of the directory where there is no file yet.
func ownerOf(path string) owner {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil && unix.Lstat(filepath.Dir(path), &st) != nil {
		return owner{-1, -1}
	}
	return owner{int(st.Uid), int(st.Gid)}
}

// giveTo changes the owner, as far as we may: whoever may not, may still
// replace the file by one of his own, as the directory is his.
func giveTo(o owner, path string) error {
	if o == ownerOf(path) {
		return nil
	}
	if err := os.Lchown(path, o.uid, o.gid); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
