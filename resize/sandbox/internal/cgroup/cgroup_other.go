//go:build !linux

package cgroup

import (
	"errors"
	"os"
)

// Groups and Group are always nil.
type (
	Groups struct{}
	Group  struct{}
)

// Open fails.
func Open(int64) (*Groups, error) { return nil, errors.New("only Linux has cgroups") }

// Take returns nil.
func (*Groups) Take() (*Group, error) { return nil, nil }

// Close does nothing.
func (*Groups) Close() {}

// Start is os.StartProcess.
func (*Group) Start(path string, attr *os.ProcAttr) (*os.Process, error) {
	return os.StartProcess(path, []string{path}, attr)
}

// End does nothing.
func (*Group) End() OOM { return NotKilled }
