package disk

import "golang.org/x/sys/unix"

// damage lists the errors that mean that a file is damaged: EIO; EUCLEAN and EBADMSG, by
// which ext4 and XFS report bad structures and checksums; ENODATA and EREMOTEIO, by which
// the block layer reports a bad medium; ESTALE, by which NFS reports a file that is gone.
var damage = []error{unix.EIO, unix.EUCLEAN, unix.EBADMSG, unix.ENODATA, unix.EREMOTEIO, unix.ESTALE}

// keepAccessTime keeps the kernel from changing the atime of a file that is read, as far as the
// file is ours.
func keepAccessTime(fd int) {
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err == nil {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags|unix.O_NOATIME)
	}
}
