package vips

import (
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// explain tells a broken picture from our own failure, by decoding all of it once
// more and doing nothing with it. The text of libvips' error cannot tell: decoding is
// lazy, so that often only the encoder complains.
func (j job) explain() error {
	if err := j.known(); err != nil {
		return err
	}
	again := job{j.another(), j.engine, j.src, j.header, j.plan, j.lenient}
	defer again.Close()
	again.Drain(again.load(again.source()))
	if again.Err == nil {
		return j.ours()
	}
	switch err := again.known(); {
	case err != nil:
		return err
	case !memoryFor(j.header):
		return fmt.Errorf("%w: decoding failed, and there is none", resize.ErrNoMemory)
	}
	return fmt.Errorf("%w: its pixels cannot be decoded", header.ErrBroken)
}

// leastMemory is how much memory must be free for a failure to count as the picture's:
// some decoders do not report that they got none.
const leastMemory = 64 << 20

// memoryFor reports whether there is memory to decode a picture as a whole, as those do
// that cannot go row by row.
func memoryFor(h header.Header) bool {
	return op.CanAllocate(max(leastMemory, 4*h.Pixels()))
}

// known returns the job's error if its cause is clear, otherwise nil.
func (j job) known() error {
	if _, unsupported := errors.AsType[*resize.UnsupportedError](j.Err); unsupported {
		return j.Err
	}
	for _, kind := range []error{header.ErrBroken, header.ErrNotPicture, resize.ErrBytes, resize.ErrNoMemory} {
		if errors.Is(j.Err, kind) {
			return j.Err
		}
	}
	return nil
}

// ours is the error for a failure that the picture did not cause.
func (j job) ours() error {
	return fmt.Errorf("libvips failed on a picture in %s: %w", j.header.Format, j.Err)
}
