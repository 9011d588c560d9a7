// Package worker is the life of a child process that makes pictures for package sandbox:
// it prepares an engine, gives up all that pictures do not need, and then answers one
// request after the other until its parent is gone. The protocol is in package wire.
//
// Nothing here trusts the pictures, and the parent trusts nothing here: once a decoder is
// in the hands of a stranger, so is this process.
package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/resize/sandbox/walls"
)

// Engine makes the pictures.
type Engine interface {
	resize.Resizer
	Capabilities() engine.Capabilities
}

// Program is the program that is the child.
type Program struct {
	Build string // its version, which must be that of the parent
	// Start returns a new engine, for pictures that may take so many bytes of memory, 0 for
	// any number. It may still open files.
	Start func(c engine.Config, memory int64) (Engine, error)
	// Reads lists the files and directories that the engine may open while it makes
	// pictures. It is called after Start.
	Reads func(engine.Config) []string
}

// The limits of a child, but for those that the parent sets.
const (
	// maxDescriptors is more than are ever open: some twenty, and the fonts of a drawing.
	maxDescriptors = 128
	// maxFile is how large a file of results may be: they are in memory, whose limit is
	// the parent's affair.
	maxFile = 4 << 30
)

// Serve is the life of the process, on the descriptor wire.Socket. It returns nil when
// the parent needs the process no longer.
func (p Program) Serve() error {
	c := newConn(wire.Socket)
	e, err := p.prepare(c)
	keep := openDescriptors()
	for err == nil {
		err = next(c, e, keep)
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// next answers the next request. The error is io.EOF when the parent is gone.
func next(c *conn, e Engine, keep descriptors) error {
	r, files, err := c.receive()
	if err != nil {
		return err
	}
	last, err := serve(c, e, r, files)
	keep.closeOthers()
	if err != nil {
		return err
	}
	return c.send(last)
}

// build is walls.Build but in tests.
var build = walls.Build

// prepare answers the first request: it starts the engine and puts up the walls.
func (p Program) prepare(c *conn) (Engine, error) {
	r, files, err := c.receive()
	if err == io.EOF {
		return nil, err
	}
	var e Engine
	a := wire.Answer{ID: r.ID, Last: true}
	if err == nil {
		e, a.Ready, err = p.start(r, files)
	}
	a.Err = wire.ErrorOf(err)
	return e, cmp.Or(err, c.send(a))
}

func (p Program) start(r wire.Request, files []int) (Engine, *wire.Ready, error) {
	s, err := p.readSetUp(r, files)
	if err != nil {
		return nil, nil, err
	}
	e, err := p.Start(s.Engine, s.Memory)
	if err != nil {
		return nil, nil, err
	}
	// Go's descriptors for timers and for waiting are opened when they are first needed.
	time.AfterFunc(0, func() {})
	is := &wire.Ready{Capabilities: e.Capabilities()}
	for _, w := range build(walls.Limits{
		Memory: s.Memory, CPU: time.Duration(s.CPU) * time.Second, File: maxFile, Descriptors: maxDescriptors,
		Socket: wire.Socket, Read: p.Reads(s.Engine),
	}) {
		is.Walls = append(is.Walls, wire.Wall(w))
	}
	return e, is, nil
}

// readSetUp reads what the first request comes with, and closes it.
func (p Program) readSetUp(r wire.Request, files []int) (s wire.SetUp, err error) {
	switch {
	case r.Kind != wire.Setup:
		return s, fmt.Errorf("%s came before it was set up", r.Kind)
	case r.Size > wire.MaxSetup:
		return s, errors.New("its settings are too large")
	}
	defer unix.Close(files[0])
	data, err := mapped(files[0], r.Size)
	if err != nil {
		return s, err
	}
	defer unmap(data)
	s, err = wire.DecodeSetUp(data)
	if err != nil || s.Build != p.Build {
		err = fmt.Errorf("thumbery-worker is of build %q, and thumbery of %q: both must be of one build (make build)", p.Build, s.Build)
	}
	return s, err
}

// serve does what is asked for, and returns the last answer, which is still to be sent.
// Errors are those of this process, not of the picture.
func serve(c *conn, e Engine, r wire.Request, files []int) (wire.Answer, error) {
	last := wire.Answer{ID: r.ID, Last: true}
	data, err := mapped(files[0], r.Size)
	if err != nil {
		return last, err
	}
	defer unmap(data)
	misbehave(c, data, files)
	src := resize.InMemory(data)
	ctx := context.Background() // who needs no answer any more kills the process
	switch r.Kind {
	case wire.Look:
		v, err := e.Look(ctx, src, r.Header, r.Variant)
		if last.Err = wire.ErrorOf(err); err == nil {
			last.Found = &wire.Found{Crop: v.Crop, FocalX: v.FocalX, FocalY: v.FocalY}
		}
	case wire.Probe:
		h, err := e.Probe(ctx, src, r.Format, r.Page)
		if last.Err = wire.ErrorOf(err); err == nil {
			last.Header = &h
		}
	case wire.Resize:
		room, err := sizeOf(files[1])
		if err != nil {
			return last, err
		}
		out := results{file: files[1], room: room}
		var unsent error
		last.Err = wire.ErrorOf(e.ResizeAll(ctx, src, r.Header, r.Plans, func(i int, data []byte, err error) {
			a := wire.Answer{ID: r.ID, Plan: i}
			out.put(&a, data, err)
			unsent = cmp.Or(unsent, c.send(a))
		}))
		return last, unsent
	default:
		return last, errors.New("it was set up already")
	}
	return last, nil
}
