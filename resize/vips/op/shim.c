#include "shim.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

static gint short_of_memory;

// heard takes the warnings of libvips. A hostile picture causes one for every row,
// and the standard error of a service is a log that people pay for: errors still
// come back as errors. Those about memory are counted, as the text of an error can
// get lost among those of other threads.
static void heard(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
	if (message && strstr(message, "out of memory"))
		g_atomic_int_inc(&short_of_memory);
}

// shim_short_of_memory counts the warnings of all threads that memory ran out.
int shim_short_of_memory(void) { return g_atomic_int_get(&short_of_memory); }

// shim_can_allocate reports whether so much memory can be had at this moment. It is
// not touched.
int shim_can_allocate(size_t size)
{
	void *volatile p = malloc(size);

	free(p);
	return p != NULL;
}

// few_arenas keeps glibc from giving nearly every thread a heap of its own, of which
// each grows, and takes 64 MiB of address space, which the limit of a process counts: six
// pictures in a row took 430 MiB of that with 16 heaps, and 92 with two, in as much time.
// A process makes one picture at a time, so that few threads want memory at once. It runs
// before there are threads, as those that have a heap keep it. Another malloc is not
// concerned.
__attribute__((constructor)) static void few_arenas(void)
{
#ifdef __GLIBC__
	if (!g_getenv("MALLOC_ARENA_MAX"))
		mallopt(M_ARENA_MAX, 2);
	// What a picture of usual size needs stays with the process for the next one: memory
	// that comes from the system is cleared first, page by page. The coefficients of a
	// progressive JPEG take 10 to 30 MB.
	if (!g_getenv("MALLOC_MMAP_THRESHOLD_"))
		mallopt(M_MMAP_THRESHOLD, 32 << 20);
	if (!g_getenv("MALLOC_TRIM_THRESHOLD_"))
		mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

// shim_start prepares the process: no loader runs until shim_allow.
int shim_start(void)
{
	if (VIPS_INIT("thumbery"))
		return -1;
	g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, heard, NULL);
	vips_block_untrusted_set(TRUE);
	vips_operation_block_set("VipsForeignLoad", TRUE);
	// Of many pictures at once, each is made fastest by one thread.
	vips_concurrency_set(1);
	// Every picture comes once: the operation cache would only hold memory.
	vips_cache_set_max(0);
	vips_cache_set_max_mem(0);
	vips_cache_set_max_files(0);
	return 0;
}

// shim_allow lets a class of loaders run, by its name in C.
void shim_allow(const char *loader) { vips_operation_block_set(loader, FALSE); }

int shim_has(const char *operation) { return vips_type_find("VipsOperation", operation) != 0; }

// shim_set gives an argument as libvips' command line writes it.
int shim_set(VipsOperation *op, const char *name, const char *value)
{
	return vips_object_set_argument_from_string(VIPS_OBJECT(op), name, value);
}

void shim_set_image(VipsOperation *op, const char *name, VipsImage *image)
{
	g_object_set(op, name, image, NULL);
}

void shim_set_images(VipsOperation *op, const char *name, VipsImage **images, int n)
{
	VipsArrayImage *array = vips_array_image_new(images, n);

	g_object_set(op, name, array, NULL);
	vips_area_unref(VIPS_AREA(array));
}

// shim_set_bytes lends data to op and to all that is made of its outputs.
void shim_set_bytes(VipsOperation *op, const char *name, void *data, size_t size)
{
	VipsBlob *blob = vips_blob_new(NULL, data, size);

	g_object_set(op, name, blob, NULL);
	vips_area_unref(VIPS_AREA(blob));
}

// shim_run checks the arguments and makes the outputs; pixels are worked out
// later, when something needs them.
int shim_run(VipsOperation **op) { return vips_cache_operation_buildp(op); }

// shim_image returns an output, which the caller unreferences.
VipsImage *shim_image(VipsOperation *op, const char *name)
{
	VipsImage *image = NULL;

	g_object_get(op, name, &image, NULL);
	return image;
}

// shim_bytes returns an output that lives as long as op.
void *shim_bytes(VipsOperation *op, const char *name, size_t *size)
{
	VipsBlob *blob = NULL;
	void *data;

	g_object_get(op, name, &blob, NULL);
	data = (void *) vips_blob_get(blob, size);
	vips_area_unref(VIPS_AREA(blob)); // op has another reference
	return data;
}

void shim_free(VipsOperation *op)
{
	vips_object_unref_outputs(VIPS_OBJECT(op));
	g_object_unref(op);
}

// shim_pixels copies rows of bytes into an image.
VipsImage *shim_pixels(void *data, int width, int height, int bands)
{
	size_t size = (size_t) width * height * bands;

	return vips_image_new_from_memory_copy(data, size, width, height, bands, VIPS_FORMAT_UCHAR);
}

// shim_kernel is a matrix for convolution and recombination.
VipsImage *shim_kernel(double *weights, int width, int height, double scale)
{
	VipsImage *kernel = vips_image_new_matrix_from_array(width, height, weights, width * height);

	if (kernel)
		vips_image_set_double(kernel, "scale", scale);
	return kernel;
}

// halve averages squares of 2 x 2 pixels of two rows into one row.
static inline void halve(const VipsPel *a, const VipsPel *b, VipsPel *out, int width, int bands)
{
	for (int x = 0; x < width / 2; x++, a += 2 * bands, b += 2 * bands)
		for (int i = 0; i < bands; i++)
			*out++ = (a[i] + a[i + bands] + b[i] + b[i + bands] + 2) >> 2;
	if (width % 2)
		for (int i = 0; i < bands; i++)
			*out++ = (a[i] + b[i] + 1) >> 1;
}

// shim_halved is an image of bytes in memory with half its sides, rounded up, in
// memory, too. vips_shrink takes eight times as long.
VipsImage *shim_halved(VipsImage *in)
{
	VipsImage *out = vips_image_new_memory();

	if (vips_image_pipelinev(out, VIPS_DEMAND_STYLE_ANY, in, NULL)) {
		g_object_unref(out);
		return NULL;
	}
	out->Xsize = (in->Xsize + 1) / 2;
	out->Ysize = (in->Ysize + 1) / 2;
	if (vips_image_write_prepare(out)) {
		g_object_unref(out);
		return NULL;
	}
	for (int y = 0; y < out->Ysize; y++) {
		const VipsPel *a = VIPS_IMAGE_ADDR(in, 0, 2 * y);
		const VipsPel *b = VIPS_IMAGE_ADDR(in, 0, VIPS_MIN(2 * y + 1, in->Ysize - 1));
		VipsPel *row = VIPS_IMAGE_ADDR(out, 0, y);

		if (in->Bands == 3) // the usual number, for the compiler to know
			halve(a, b, row, in->Xsize, 3);
		else
			halve(a, b, row, in->Xsize, in->Bands);
	}
	return out;
}

// light is how shim_light reads bytes: by a table, in boxes of pixels.
typedef struct {
	guint16 table[256];
	int across, down; // of a box, 1 or 2
} Light;

// lit_row averages the boxes of two rows, which may be one.
static inline void lit_row(const guint16 *table, const VipsPel *a, const VipsPel *b, guint16 *out, int width, int bands, int across)
{
	int next = (across - 1) * bands;

	for (int x = 0; x < width; x++, a += next, b += next)
		for (int i = 0; i < bands; i++, a++, b++)
			*out++ = (table[a[0]] + table[a[next]] + table[b[0]] + table[b[next]] + 2) >> 2;
}

static int light(VipsRegion *out, void *seq, void *a, void *b, gboolean *stop)
{
	VipsRegion *in = seq;
	Light *l = b;
	VipsRect *r = &out->valid;
	VipsRect need = { r->left * l->across, r->top * l->down, r->width * l->across, r->height * l->down };

	if (vips_region_prepare(in, &need))
		return -1;
	for (int y = 0; y < r->height; y++) {
		const VipsPel *upper = VIPS_REGION_ADDR(in, need.left, need.top + y * l->down);
		const VipsPel *lower = VIPS_REGION_ADDR(in, need.left, need.top + y * l->down + l->down - 1);
		guint16 *row = (guint16 *) VIPS_REGION_ADDR(out, r->left, r->top + y);

		if (in->im->Bands == 3) // the usual number, for the compiler to know
			lit_row(l->table, upper, lower, row, r->width, 3, l->across);
		else
			lit_row(l->table, upper, lower, row, r->width, in->im->Bands, l->across);
	}
	return 0;
}

// shim_light is an image of bytes in linear light of 16 bits by a table of 256, with boxes of
// across x down pixels made one, as far as they are whole.
VipsImage *shim_light(VipsImage *in, const guint16 *table, int across, int down)
{
	VipsImage *out = vips_image_new();
	Light *l = VIPS_NEW(out, Light);

	memcpy(l->table, table, sizeof(l->table));
	l->across = across;
	l->down = down;
	if (!vips_image_pipelinev(out, VIPS_DEMAND_STYLE_THINSTRIP, in, NULL)) {
		out->Xsize = in->Xsize / across;
		out->Ysize = in->Ysize / down;
		out->BandFmt = VIPS_FORMAT_USHORT;
		out->Type = in->Bands < 3 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16;
		if (!vips_image_generate(out, vips_start_one, light, vips_stop_one, in, l))
			return out;
	}
	g_object_unref(out);
	return NULL;
}

VipsImage *shim_in_memory(VipsImage *image) { return vips_image_copy_memory(image); }

static int look(VipsRegion *region, void *seq, void *a, void *b, gboolean *stop) { return 0; }

// shim_drain works out all pixels and keeps none.
int shim_drain(VipsImage *image)
{
	return vips_sink(image, vips_start_one, look, vips_stop_one, image, NULL);
}

// shim_own is image with metadata of its own, that can be changed.
VipsImage *shim_own(VipsImage *image)
{
	VipsImage *own = NULL;

	return vips_copy(image, &own, NULL) ? NULL : own;
}

// shim_profile is the embedded ICC profile, which belongs to image, or NULL.
const void *shim_profile(VipsImage *image, size_t *size)
{
	const void *data = NULL;

	*size = 0;
	if (!vips_image_get_typeof(image, VIPS_META_ICC_NAME) ||
		vips_image_get_blob(image, VIPS_META_ICC_NAME, &data, size))
		return NULL;
	return data;
}

// shim_ints is a list in the metadata, which belongs to image, and its length.
int shim_ints(VipsImage *image, const char *name, int **values)
{
	int n = 0;

	if (!vips_image_get_typeof(image, name) || vips_image_get_array_int(image, name, values, &n))
		return 0;
	return n;
}

// shim_strip removes all metadata but what animations need: 8.14 writes EXIF,
// with the place where a photograph was taken, into a WebP although it is told to
// strip it. image must be its owner's alone.
void shim_strip(VipsImage *image)
{
	static const char *const keep[] = { "delay", "loop", VIPS_META_PAGE_HEIGHT, VIPS_META_N_PAGES, NULL };
	gchar **names = vips_image_get_fields(image);

	for (int i = 0; names[i]; i++)
		if (!g_strv_contains(keep, names[i]))
			vips_image_remove(image, names[i]);
	g_strfreev(names);
}
