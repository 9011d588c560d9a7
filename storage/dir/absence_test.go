package dir

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/storage"
)

func TestIsAbsence(t *testing.T) {
	t.Parallel()
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

// TestFailure: what errors of the file system mean for reading and for writing.
func TestFailure(t *testing.T) {
	t.Parallel()
	o := &Origin{root: "/srv"}
	tests := []struct {
		err       error
		get, put  error
		isRefused bool // where put, or get, is ErrUnavailable
	}{
		{syscall.ENOENT, storage.ErrNotFound, storage.ErrUnavailable, false},
		{syscall.EACCES, storage.ErrUnavailable, storage.ErrUnavailable, true},
		{syscall.EPERM, storage.ErrUnavailable, storage.ErrUnavailable, true},
		{syscall.EIO, storage.ErrUnavailable, storage.ErrUnavailable, false},
		{syscall.ENOSPC, storage.ErrUnavailable, storage.ErrUnavailable, false},
		{syscall.EROFS, storage.ErrUnavailable, storage.ErrUnavailable, false},
		{syscall.ENAMETOOLONG, storage.ErrNotFound, storage.ErrUnavailable, true},
		{syscall.ENOTDIR, storage.ErrNotFound, storage.ErrUnavailable, true},
	}
	for _, tt := range tests {
		err := &os.PathError{Op: "openat", Path: "a", Err: tt.err}
		get, put := o.wrapError(t.Context(), "a", err), o.wrapPutError(t.Context(), err)
		if !errors.Is(get, tt.get) || !errors.Is(put, tt.put) {
			t.Errorf("%v: %v and %v, want %v and %v", tt.err, get, put, tt.get, tt.put)
		}
		if errors.Is(put, storage.ErrRefused) != tt.isRefused || tt.get == storage.ErrUnavailable && errors.Is(get, storage.ErrRefused) != tt.isRefused {
			t.Errorf("%v: %v and %v, want ErrRefused: %t", tt.err, get, put, tt.isRefused)
		}
	}
}
