package worker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// readSetUp reads what the first request comes with, and closes it.
func (p Program) readSetUp(r wire.Request, files []int) (wire.SetUp, error) {
	if r.Kind != wire.Setup {
		return wire.SetUp{}, fmt.Errorf("%s came before it was set up", r.Kind)
	}
	if r.Size > wire.MaxSetup {
		return wire.SetUp{}, errors.New("its settings are too large")
	}
	defer unix.Close(files[0])
	src, err := mapSource(files[0], r.Size)
	if err != nil {
		return wire.SetUp{}, err
	}
	defer src.close()
	s, err := wire.DecodeSetUp(src.data)
	if err == nil && s.Build != p.Build {
		err = fmt.Errorf("thumbery-worker is of build %q, and thumbery of %q: both must be of one build (make build)", p.Build, s.Build)
	}
	return s, err
}
