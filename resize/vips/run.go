package vips

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/thumbery/thumbery/resize"
)

// pixels is an image of libvips: most of the time not pixels, but how they will
// be worked out, a few rows at a time.
type pixels = *C.VipsImage

// run is the making of one picture. Its methods give images that live until
// close. After the first failure all of them do nothing, so that what is made
// reads in one go; err then says what happened.
type run struct {
	err  error
	pins runtime.Pinner
	stop func() bool

	scope          *errorScope
	outer          bool // scope is this run's own
	memoryFailures int  // at the beginning

	drawnMark pixels // the watermark, once it is drawn

	mu         sync.Mutex
	owned      []pixels
	unkillable pixels // that kill leaves alone
	killed     bool
}

// newRun begins work on a picture; the end of ctx stops libvips where it works on
// pixels. The caller closes the run.
func newRun(ctx context.Context) *run {
	r := startRun(ctx, enterErrors())
	r.outer = true
	return r
}

// another begins more work on the same picture. It is to be closed before r is.
func (r *run) another(ctx context.Context) *run { return startRun(ctx, r.scope) }

func startRun(ctx context.Context, scope *errorScope) *run {
	runtime.LockOSThread() // what libvips keeps for a thread is given back on the same
	r := &run{err: ctx.Err(), scope: scope, memoryFailures: memoryFailures()}
	r.stop = context.AfterFunc(ctx, r.kill)
	return r
}

// close gives back all images.
func (r *run) close() {
	r.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.owned) - 1; i >= 0; i-- {
		C.g_object_unref(C.gpointer(r.owned[i]))
	}
	r.owned = nil
	if r.outer {
		r.scope.leave()
	}
	C.vips_thread_shutdown()
	runtime.UnlockOSThread()
	r.pins.Unpin()
}

// kill stops all work on pixels, also that which is yet to begin.
func (r *run) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killed = true
	for _, im := range r.owned {
		if im != r.unkillable {
			C.vips_image_set_kill(im, 1)
		}
	}
}

// stopped notes that the run was killed: nothing new is to begin.
func (r *run) stopped() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed && r.err == nil {
		r.err = context.Canceled
	}
}

// materializeUnkillable gives im in memory, where kill does not reach it any more, for what does
// not bear to be stopped.
func (r *run) materializeUnkillable(im pixels) pixels {
	im = r.inMemory(im)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unkillable = im // and if it was killed before, nothing new begins
	return im
}

// keepUntilClose has im given back by close.
func (r *run) keepUntilClose(im pixels) pixels {
	if im == nil {
		r.fail("making an image")
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owned = append(r.owned, im)
	if r.killed && im != r.unkillable {
		C.vips_image_set_kill(im, 1)
	}
	return im
}

// fail notes the first failure, of kind resize.ErrNoMemory where memory ran out. What
// libvips says of it is told only where it is known to be about this picture.
func (r *run) fail(what string) {
	text, mine := r.scope.take()
	if r.err != nil {
		return
	}
	r.err = errors.New(what + " failed")
	if mine && text != "" {
		r.err = fmt.Errorf("%s: %s", what, text)
	}
	if r.ranOutOfMemory(text) {
		r.err = fmt.Errorf("%w: %w", resize.ErrNoMemory, r.err)
	}
}

// arg is one argument of an operation.
type arg func(op *C.VipsOperation) bool

func on(im pixels) arg { return input("in", im) }

func input(name string, im pixels) arg {
	return func(op *C.VipsOperation) bool {
		withString(name, func(c *C.char) { C.shim_set_image(op, c, im) })
		return im != nil
	}
}

func inputs(name string, list []pixels) arg {
	return func(op *C.VipsOperation) bool {
		withString(name, func(c *C.char) { C.shim_set_images(op, c, &list[0], C.int(len(list))) })
		return true
	}
}

// set gives an argument that is no image. Lists are separated by spaces.
func set(name string, value any) arg {
	return func(op *C.VipsOperation) (ok bool) {
		withString(name, func(n *C.char) {
			withString(spell(value), func(v *C.char) { ok = C.shim_set(op, n, v) == 0 })
		})
		return ok
	}
}

// spell writes a value as libvips' command line takes it, where a whole number
// has no exponent.
func spell(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []float64:
		words := make([]string, len(v))
		for i, x := range v {
			words[i] = spell(x)
		}
		return strings.Join(words, " ")
	}
	panic(fmt.Sprintf("no way to spell a %T", value))
}

func withString(s string, use func(*C.char)) {
	c := C.CString(s)
	defer C.free(unsafe.Pointer(c))
	use(c)
}

// operate runs an operation and hands it to use while its outputs are there.
func (r *run) operate(name string, args []arg, use func(*C.VipsOperation)) {
	if r.stopped(); r.err != nil {
		return
	}
	var op *C.VipsOperation
	withString(name, func(c *C.char) { op = C.vips_operation_new(c) })
	if op == nil {
		r.fail(name)
		return
	}
	defer func() { C.shim_free(op) }()
	for _, a := range args {
		if !a(op) {
			r.fail(name)
			return
		}
	}
	if C.shim_run(&op) != 0 {
		r.fail(name)
		return
	}
	use(op)
}

// do runs an operation that gives an image.
func (r *run) do(name string, args ...arg) (out pixels) {
	r.operate(name, args, func(op *C.VipsOperation) {
		withString("out", func(c *C.char) { out = r.keepUntilClose(C.shim_image(op, c)) })
	})
	return out
}

// measure runs an operation that gives numbers.
func (r *run) measure(name string, outputs []string, args ...arg) []int {
	values := make([]int, len(outputs))
	r.operate(name, args, func(op *C.VipsOperation) {
		for i, output := range outputs {
			withString(output, func(c *C.char) { values[i] = int(C.shim_int(op, c)) })
		}
	})
	return values
}

// save runs an operation that gives bytes.
func (r *run) save(name string, args ...arg) (data []byte) {
	r.operate(name, args, func(op *C.VipsOperation) {
		withString("buffer", func(c *C.char) {
			var size C.size_t
			p := C.shim_bytes(op, c, &size)
			data = C.GoBytes(p, C.int(size))
		})
	})
	return data
}

// open runs a loader on src, which stays where it is until close: libvips reads
// it as late as when the result is encoded.
func (r *run) open(loader string, src []byte, args ...arg) pixels {
	if len(src) == 0 {
		r.fail("loading an empty file")
		return nil
	}
	start := unsafe.SliceData(src)
	r.pins.Pin(start)
	buffer := func(op *C.VipsOperation) bool {
		withString("buffer", func(c *C.char) { C.shim_set_bytes(op, c, unsafe.Pointer(start), C.size_t(len(src))) })
		return true
	}
	return r.do(loader, append([]arg{buffer}, args...)...)
}

// inMemory works all pixels out now, for what reads them in another order or
// more than once.
func (r *run) inMemory(im pixels) pixels {
	if r.err != nil {
		return nil
	}
	return r.keepUntilClose(C.shim_in_memory(im))
}

// drain works all pixels out, and keeps none.
func (r *run) drain(im pixels) {
	if r.stopped(); r.err == nil && C.shim_drain(im) != 0 {
		r.fail("reading all pixels")
	}
}

// halved is what is in memory with half its sides, in memory.
func (r *run) halved(im pixels) pixels {
	if r.stopped(); r.err != nil {
		return nil
	}
	if r.format(im) != "uchar" {
		return r.inMemory(r.do("shrink", on(im), set("hshrink", 2), set("vshrink", 2)))
	}
	return r.keepUntilClose(C.shim_halved(im))
}

// raster makes an image of rows of bytes, bands for each pixel.
func (r *run) raster(data []byte, w, h, bands int) pixels {
	if r.err != nil {
		return nil
	}
	return r.keepUntilClose(C.shim_pixels(unsafe.Pointer(unsafe.SliceData(data)), C.int(w), C.int(h), C.int(bands)))
}

// kernel makes a matrix; what it is applied to is divided by scale.
func (r *run) kernel(weights []float64, w, h int, scale float64) pixels {
	if r.err != nil {
		return nil
	}
	return r.keepUntilClose(C.shim_kernel((*C.double)(unsafe.SliceData(weights)), C.int(w), C.int(h), C.double(scale)))
}

// stripped is im without metadata, but what animations need.
func (r *run) stripped(im pixels) pixels {
	if r.err != nil {
		return nil
	}
	if im = r.keepUntilClose(C.shim_own(im)); im != nil {
		C.shim_strip(im)
	}
	return im
}

// withInt is im with a number in its metadata, and withInts with a list.
func (r *run) withInt(im pixels, name string, value int) pixels {
	return r.changed(im, name, func(im pixels, name *C.char) { C.vips_image_set_int(im, name, C.int(value)) })
}

func (r *run) withInts(im pixels, name string, values []int) pixels {
	list := make([]C.int, len(values))
	for i, v := range values {
		list[i] = C.int(v)
	}
	return r.changed(im, name, func(im pixels, name *C.char) {
		C.vips_image_set_array_int(im, name, unsafe.SliceData(list), C.int(len(list)))
	})
}

func (r *run) changed(im pixels, name string, change func(pixels, *C.char)) pixels {
	if r.err != nil {
		return nil
	}
	if im = r.keepUntilClose(C.shim_own(im)); im != nil {
		withString(name, func(c *C.char) { change(im, c) })
	}
	return im
}

// number is one in im's metadata; 0 where it is not there.
func (r *run) number(im pixels, name string) int {
	if r.err != nil {
		return 0
	}
	var value C.int
	withString(name, func(c *C.char) {
		if C.vips_image_get_typeof(im, c) != 0 {
			C.vips_image_get_int(im, c, &value)
		}
	})
	return int(value)
}

// ints is a list in im's metadata.
func (r *run) ints(im pixels, name string) []int {
	if r.err != nil {
		return nil
	}
	var list []int
	withString(name, func(c *C.char) {
		var values *C.int
		n := C.shim_ints(im, c, &values)
		for _, v := range unsafe.Slice(values, n) {
			list = append(list, int(v))
		}
	})
	return list
}

// profile is a copy of the colour profile that im carries, or nil.
func (r *run) profile(im pixels) []byte {
	if r.err != nil {
		return nil
	}
	var size C.size_t
	data := C.shim_profile(im, &size)
	return C.GoBytes(data, C.int(size))
}

func (r *run) size(im pixels) (w, h int) {
	if im == nil {
		return 0, 0
	}
	return int(im.Xsize), int(im.Ysize)
}

// pixelBytes is how many bytes a pixel has.
func (r *run) pixelBytes(im pixels) int64 {
	return int64(im.Bands) * int64(C.vips_format_sizeof_unsafe(im.BandFmt))
}

// point is the samples of one pixel.
func (r *run) point(im pixels, x, y int) []float64 {
	if r.err != nil {
		return nil
	}
	var values *C.double
	var n C.int
	if C.shim_point(im, C.int(x), C.int(y), &values, &n) != 0 {
		r.fail("getpoint")
		return nil
	}
	defer C.g_free(C.gpointer(values))
	point := make([]float64, n)
	for i, v := range unsafe.Slice(values, n) {
		point[i] = float64(v)
	}
	return point
}

func (r *run) bands(im pixels) int {
	if im == nil {
		return 0
	}
	return int(im.Bands)
}
