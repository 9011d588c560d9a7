// What package vips needs of libvips and cgo cannot call by itself: operations
// with a variable number of arguments. See shim.c.

#ifndef THUMBERY_SHIM_H
#define THUMBERY_SHIM_H

#include <vips/vips.h>

#if VIPS_MAJOR_VERSION != 8 || VIPS_MINOR_VERSION < 14
#error "libvips 8.14 or a later 8.x is needed"
#endif

int shim_start(void);
int shim_short_of_memory(void);
int shim_can_allocate(size_t size);
void shim_allow(const char *loader);
int shim_has(const char *operation);

int shim_set(VipsOperation *op, const char *name, const char *value);
void shim_set_image(VipsOperation *op, const char *name, VipsImage *image);
void shim_set_images(VipsOperation *op, const char *name, VipsImage **images, int n);
void shim_set_bytes(VipsOperation *op, const char *name, void *data, size_t size);
int shim_run(VipsOperation **op);
VipsImage *shim_image(VipsOperation *op, const char *name);
void *shim_bytes(VipsOperation *op, const char *name, size_t *size);
void shim_free(VipsOperation *op);

VipsImage *shim_pixels(void *data, int width, int height, int bands);
VipsImage *shim_kernel(double *weights, int width, int height, double scale);
VipsImage *shim_halved(VipsImage *image);
VipsImage *shim_light(VipsImage *in, const guint16 *table, int across, int down);
VipsImage *shim_in_memory(VipsImage *image);
int shim_drain(VipsImage *image);
VipsImage *shim_own(VipsImage *image);
const void *shim_profile(VipsImage *image, size_t *size);
int shim_ints(VipsImage *image, const char *name, int **values);
void shim_strip(VipsImage *image);

#endif
