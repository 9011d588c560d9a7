package walls

import (
	"errors"
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// restrictFiles leaves nothing to open but those beneath read, for reading, and forbids
// TCP, signals to and abstract sockets of processes outside, as far as this kernel can.
func restrictFiles(read []string) error {
	if err := hasLandlock(); err != nil {
		return err
	}
	var rules []landlock.Rule
	for _, path := range read {
		// The right to list directories must not be asked for of a file.
		rights := landlock.AccessFSSet(ll.AccessFSReadFile)
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if info.IsDir() {
			rights |= ll.AccessFSReadDir
		}
		rules = append(rules, landlock.PathAccess(rights, path).IgnoreIfMissing())
	}
	return landlock.V11.BestEffort().Restrict(rules...)
}

// hasLandlock says why there is no Landlock. The best effort of the library would do
// without, silently, and its way into all threads of C ends the process without /proc.
func hasLandlock() error {
	switch _, err := ll.LandlockGetABIVersion(); {
	case errors.Is(err, unix.ENOSYS):
		return errors.New("this kernel has none: it came with Linux 5.13")
	case errors.Is(err, unix.EOPNOTSUPP):
		return errors.New("switched off in this kernel: add landlock to its parameter lsm=")
	case errors.Is(err, unix.EPERM):
		return errors.New("forbidden by a seccomp profile, such as that of an old container engine")
	case err != nil:
		return err
	}
	if _, err := os.Stat("/proc/self/task"); err != nil {
		return fmt.Errorf("the threads cannot be found: %w", err)
	}
	return nil
}
