package vips

import (
	"context"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// explain tells a broken picture from our own failure, by decoding all of it once
// more and doing nothing with it. The text of libvips' error cannot tell: decoding is
// lazy, so that often only the encoder complains.
func (j job) explain(ctx context.Context) error {
	if err := j.known(ctx); err != nil {
		return err
	}
	again := job{j.another(ctx), j.engine, j.src, j.header, j.plan, j.lenient}
	defer again.close()
	again.drain(again.load(again.source()))
	if again.err == nil {
		return j.ours(ctx)
	}
	switch err := again.known(ctx); {
	case err != nil:
		return err
	case !memoryFor(j.header):
		return fmt.Errorf("%w: decoding failed, and there is none", resize.ErrNoMemory)
	}
	return fmt.Errorf("%w: its pixels cannot be decoded", header.ErrBroken)
}

// known is the error where nobody has to look for it, and otherwise nil.
func (j job) known(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, unsupported := errors.AsType[*resize.UnsupportedError](j.err); unsupported {
		return j.err
	}
	for _, kind := range []error{header.ErrBroken, header.ErrNotPicture, resize.ErrBytes, resize.ErrNoMemory} {
		if errors.Is(j.err, kind) {
			return j.err
		}
	}
	return nil
}

// ours is a failure of which the picture is not the cause.
func (j job) ours(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("libvips failed on a picture in %s: %w", j.header.Format, j.err)
}
