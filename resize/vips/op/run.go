// Package op calls the operations of libvips by their names. Besides
// thumbery-worker, it is the only package with C. It knows nothing of plans: a Run is
// the work on one picture, whatever work that is.
package op

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"github.com/thumbery/thumbery/resize"
)

// Image is an image of libvips. Mostly it holds no pixels, but the way to compute them,
// a few rows at a time.
type Image = *C.VipsImage

// Run is the work on one picture. Its methods return images that live until Close.
// After the first failure, which Err holds, all of them do nothing, so that callers
// check for errors once, at the end.
type Run struct {
	Err  error
	pins runtime.Pinner

	scope          ErrorScope
	outer          bool // scope is this run's own
	memoryFailures int  // at the beginning

	owned []Image
}

// New begins work on a picture. The caller closes the run.
func New() *Run {
	r := startRun(EnterErrors())
	r.outer = true
	return r
}

// Another begins more work on the same picture. It is to be closed before r is.
func (r *Run) Another() *Run { return startRun(r.scope) }

func startRun(scope ErrorScope) *Run {
	runtime.LockOSThread() // what libvips keeps for a thread is given back on the same
	return &Run{scope: scope, memoryFailures: memoryFailures()}
}

// Close releases all images.
func (r *Run) Close() {
	for i := len(r.owned) - 1; i >= 0; i-- {
		C.g_object_unref(C.gpointer(r.owned[i]))
	}
	r.owned = nil
	if r.outer {
		r.scope.Leave()
	}
	C.vips_thread_shutdown()
	runtime.UnlockOSThread()
	r.pins.Unpin()
}

// keepUntilClose has Close release im.
func (r *Run) keepUntilClose(im Image) Image {
	if im == nil {
		r.fail("making an image")
		return nil
	}
	r.owned = append(r.owned, im)
	return im
}

// fail notes the first failure, of kind resize.ErrNoMemory if memory ran out. It quotes
// libvips only if the text is known to be about this picture.
func (r *Run) fail(what string) {
	text, mine := r.scope.take()
	if r.Err != nil {
		return
	}
	r.Err = errors.New(what + " failed")
	if mine && text != "" {
		r.Err = fmt.Errorf("%s: %s", what, text)
	}
	if r.ranOutOfMemory(text) {
		r.Err = fmt.Errorf("%w: %w", resize.ErrNoMemory, r.Err)
	}
}

// Arg sets one argument of an operation, and reports whether that was possible.
type Arg func(op *C.VipsOperation) bool

// On is the image that most operations call their input.
func On(im Image) Arg { return Input("in", im) }

// Input is an image under another name.
func Input(name string, im Image) Arg {
	return func(op *C.VipsOperation) bool {
		withString(name, func(c *C.char) { C.shim_set_image(op, c, im) })
		return im != nil
	}
}

// Inputs is a list of images.
func Inputs(name string, list []Image) Arg {
	return func(op *C.VipsOperation) bool {
		withString(name, func(c *C.char) { C.shim_set_images(op, c, &list[0], C.int(len(list))) })
		return true
	}
}

// Set is an argument that is no image: a string, number, boolean or list of numbers.
func Set(name string, value any) Arg {
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

// operate runs an operation and passes it to use, while its outputs exist.
func (r *Run) operate(name string, args []Arg, use func(*C.VipsOperation)) {
	if r.Err != nil {
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

// Do runs an operation whose result is an image.
func (r *Run) Do(name string, args ...Arg) (out Image) {
	r.operate(name, args, func(op *C.VipsOperation) {
		withString("out", func(c *C.char) { out = r.keepUntilClose(C.shim_image(op, c)) })
	})
	return out
}

// Save runs an operation whose result is bytes: an encoder.
func (r *Run) Save(name string, args ...Arg) (data []byte) {
	r.operate(name, args, func(op *C.VipsOperation) {
		withString("buffer", func(c *C.char) {
			var size C.size_t
			p := C.shim_bytes(op, c, &size)
			data = C.GoBytes(p, C.int(size))
		})
	})
	return data
}

// Open runs a loader on src, which must not change until Close: libvips reads it as
// late as when the result is encoded.
func (r *Run) Open(loader string, src []byte, args ...Arg) Image {
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
	return r.Do(loader, append([]Arg{buffer}, args...)...)
}

// InMemory computes all pixels now, for operations that read them in another order, or
// more than once.
func (r *Run) InMemory(im Image) Image {
	if r.Err != nil {
		return nil
	}
	return r.keepUntilClose(C.shim_in_memory(im))
}

// Drain computes all pixels and keeps none.
func (r *Run) Drain(im Image) {
	if r.Err == nil && C.shim_drain(im) != 0 {
		r.fail("reading all pixels")
	}
}

// Halved is im, which is in memory, at half its size, in memory, too.
func (r *Run) Halved(im Image) Image {
	if r.Err != nil {
		return nil
	}
	if r.Format(im) != "uchar" {
		return r.InMemory(r.Do("shrink", On(im), Set("hshrink", 2), Set("vshrink", 2)))
	}
	return r.keepUntilClose(C.shim_halved(im))
}

// Light is im, of bytes, in linear light of 16 bits, by a table of 256, with boxes of across x
// down pixels, each 1 or 2, averaged. What is less than a box at the right and lower edge is
// left out.
func (r *Run) Light(im Image, table []uint16, across, down int) Image {
	if r.Err != nil {
		return nil
	}
	_ = table[255]
	return r.keepUntilClose(C.shim_light(im, (*C.guint16)(unsafe.SliceData(table)), C.int(across), C.int(down)))
}

// Raster is an image of w x h pixels with a byte for each band, in rows.
func (r *Run) Raster(data []byte, w, h, bands int) Image {
	if r.Err != nil {
		return nil
	}
	return r.keepUntilClose(C.shim_pixels(unsafe.Pointer(unsafe.SliceData(data)), C.int(w), C.int(h), C.int(bands)))
}

// Kernel is a matrix for convolutions and recombinations, whose results are divided by scale.
func (r *Run) Kernel(weights []float64, w, h int, scale float64) Image {
	if r.Err != nil {
		return nil
	}
	return r.keepUntilClose(C.shim_kernel((*C.double)(unsafe.SliceData(weights)), C.int(w), C.int(h), C.double(scale)))
}

// Stripped is im without metadata other than those of animations.
func (r *Run) Stripped(im Image) Image {
	if r.Err != nil {
		return nil
	}
	if im = r.keepUntilClose(C.shim_own(im)); im != nil {
		C.shim_strip(im)
	}
	return im
}

// WithInt is im with a number in its metadata.
func (r *Run) WithInt(im Image, name string, value int) Image {
	return r.changed(im, name, func(im Image, name *C.char) { C.vips_image_set_int(im, name, C.int(value)) })
}

// WithInts is im with a list of numbers in its metadata.
func (r *Run) WithInts(im Image, name string, values []int) Image {
	list := make([]C.int, len(values))
	for i, v := range values {
		list[i] = C.int(v)
	}
	return r.changed(im, name, func(im Image, name *C.char) {
		C.vips_image_set_array_int(im, name, unsafe.SliceData(list), C.int(len(list)))
	})
}

// WithProfile is im with a copy of a colour profile instead of its own.
func (r *Run) WithProfile(im Image, profile []byte) Image {
	return r.changed(im, "icc-profile-data", func(im Image, name *C.char) {
		C.vips_image_set_blob_copy(im, name, unsafe.Pointer(unsafe.SliceData(profile)), C.size_t(len(profile)))
	})
}

func (r *Run) changed(im Image, name string, change func(Image, *C.char)) Image {
	if r.Err != nil {
		return nil
	}
	if im = r.keepUntilClose(C.shim_own(im)); im != nil {
		withString(name, func(c *C.char) { change(im, c) })
	}
	return im
}

// Number is a number in im's metadata, 0 if it is not there.
func (r *Run) Number(im Image, name string) int {
	if r.Err != nil {
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

// Ints is a list of numbers in im's metadata, nil if it is not there.
func (r *Run) Ints(im Image, name string) []int {
	if r.Err != nil {
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

// Profile is a copy of the colour profile that im carries, or nil.
func (r *Run) Profile(im Image) []byte {
	if r.Err != nil {
		return nil
	}
	var size C.size_t
	data := C.shim_profile(im, &size)
	return C.GoBytes(data, C.int(size))
}

// Size is how many pixels im is wide and high.
func (r *Run) Size(im Image) (w, h int) {
	if im == nil {
		return 0, 0
	}
	return int(im.Xsize), int(im.Ysize)
}

// PixelBytes is how many bytes a pixel has.
func (r *Run) PixelBytes(im Image) int64 {
	return int64(im.Bands) * int64(C.vips_format_sizeof_unsafe(im.BandFmt))
}

// Bytes are the pixels of im, which is in memory and has a byte a sample, until Close.
func (r *Run) Bytes(im Image) []byte {
	if r.Err != nil {
		return nil
	}
	data := C.vips_image_get_data(im)
	if data == nil || im.BandFmt != C.VIPS_FORMAT_UCHAR {
		r.fail("reading pixels")
		return nil
	}
	w, h := r.Size(im)
	return unsafe.Slice((*byte)(data), w*h*r.Bands(im))
}

// Bands is how many samples a pixel of im has.
func (r *Run) Bands(im Image) int {
	if im == nil {
		return 0
	}
	return int(im.Bands)
}

// Without is im without one entry of its metadata.
func (r *Run) Without(im Image, name string) Image {
	return r.changed(im, name, func(im Image, name *C.char) { C.vips_image_remove(im, name) })
}
