package dir

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

func TestIsAbsence(t *testing.T) {
	tests := []struct {
		err  error
		want bool
	}{
		{syscall.ENOENT, true},
		{syscall.ENOTDIR, true},
		{syscall.ENAMETOOLONG, true},
		{syscall.ELOOP, true},
		{syscall.ENXIO, true},
		{errors.New("path escapes from parent"), true},
		{syscall.EACCES, false},
		{syscall.EPERM, false},
		{syscall.EIO, false},
		{syscall.ESTALE, false},
		{syscall.EMFILE, false},
		{syscall.ENFILE, false},
		{syscall.ENOMEM, false},
		{syscall.ETIMEDOUT, false},
	}
	for _, tt := range tests {
		if got := isAbsence(&os.PathError{Op: "openat", Path: "a", Err: tt.err}); got != tt.want {
			t.Errorf("%v: %t, want %t", tt.err, got, tt.want)
		}
	}
}
