package worker

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// results is the file that the results of a request are written to, one after the other.
type results struct {
	file       int
	used, room int64 // bytes
}

func newResults(file int) (*results, error) {
	var info unix.Stat_t
	if err := unix.Fstat(file, &info); err != nil {
		return nil, fmt.Errorf("the file for results: %w", err)
	}
	return &results{file: file, room: info.Size}, nil
}

// put writes a result, if there is one, and says in a where it is, or what went wrong:
// both only if the picture is damaged, and the engine lenient.
func (r *results) put(a *wire.Answer, data []byte, failed error) {
	a.Err = wire.ErrorOf(failed)
	if len(data) == 0 || failed != nil && !errors.Is(failed, header.ErrBroken) {
		return
	}
	if err := r.write(data); err != nil {
		a.Err = wire.ErrorOf(err)
		return
	}
	a.Off, a.Len = r.used, int64(len(data))
	r.used += a.Len
}

func (r *results) write(data []byte) error {
	if int64(len(data)) > r.room-r.used {
		return fmt.Errorf("the result of %d bytes does not fit into the %d that are left", len(data), r.room-r.used)
	}
	for done := 0; done < len(data); {
		n, err := unix.Pwrite(r.file, data[done:], r.used+int64(done))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
		done += n
	}
	return nil
}

// resizeTo answers Resize and ResizeAll: all but the last answer, which is left in last.
func resizeTo(c *conn, e Engine, r wire.Request, src source, file int, last *wire.Answer) error {
	out, err := newResults(file)
	if err != nil {
		return err
	}
	if r.Kind == wire.Resize {
		data, err := e.Resize(context.Background(), src.picture(), r.Header, r.Plans[0])
		out.put(last, data, err)
		return nil
	}
	var unsent error
	err = e.ResizeAll(context.Background(), src.picture(), r.Header, r.Plans, func(i int, data []byte, err error) {
		a := wire.Answer{ID: r.ID, Plan: i}
		out.put(&a, data, err)
		if unsent == nil {
			unsent = c.send(a)
		}
	})
	last.Err = wire.ErrorOf(err)
	return unsent
}
