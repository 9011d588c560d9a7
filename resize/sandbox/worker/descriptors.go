package worker

import "golang.org/x/sys/unix"

// descriptors are those that the process has for itself. All others are of the picture
// that it works on, and nothing of one picture is left for the next.
type descriptors [maxDescriptors]bool

func openDescriptors() (d descriptors) {
	for fd := range d {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		d[fd] = err == nil
	}
	return d
}

func (d *descriptors) closeOthers() {
	for fd, own := range d {
		if !own {
			unix.Close(fd) // most are not open
		}
	}
}
