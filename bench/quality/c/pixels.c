/* Scales or encodes one picture with libvips, often enough to time it. Prints
 * the CPU milliseconds of one time and the bytes that came out.
 *
 *   pixels scale  SRC WIDTH HEIGHT LEAVE LINEAR K OUT.png TIMES
 *   pixels encode SRC .FORMAT[OPTIONS] OUT TIMES
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <vips/vips.h>

static double cpu_ms(void) {
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;
}

static void check(int failed) {
	if (failed)
		vips_error_exit(NULL);
}

/* become puts to in the place of *at. */
static void become(VipsImage **at, VipsImage *to) {
	g_object_unref(*at);
	*at = to;
}

/* jpeg_shrink is the strongest of libjpeg's that leaves a factor to resize. */
static int jpeg_shrink(double factor, double leave) {
	for (int shrink = 8; shrink > 1; shrink /= 2)
		if (factor >= shrink * leave)
			return shrink;
	return 1;
}

/* sharpen is the kernel of -1s around k, over their sum. */
static void sharpen(VipsImage **in, double k) {
	VipsImage *out, *mask = vips_image_new_matrixv(3, 3,
		-1.0, -1.0, -1.0, -1.0, k, -1.0, -1.0, -1.0, -1.0);
	vips_image_set_double(mask, "scale", k - 8);
	check(vips_conv(*in, &out, mask, "precision", VIPS_PRECISION_INTEGER, NULL));
	become(in, out);
	g_object_unref(mask);
}

/* load reads src, a JPEG already shrunk as far as leaves the factor leave. to_w and to_h
 * become the scales that are left to w x h. */
static VipsImage *load(const char *src, double w, double h, double leave, double *to_w, double *to_h) {
	VipsImage *in = vips_image_new_from_file(src, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
	const char *loader = vips_foreign_find_load(src);
	check(!in || !loader);
	*to_w = w / in->Xsize, *to_h = h / in->Ysize;
	if (strcmp(loader, "VipsForeignLoadJpegFile") == 0) {
		int shrink = jpeg_shrink(MIN(in->Xsize / w, in->Ysize / h), leave);
		int across = (2 * in->Xsize + shrink - 1) / (2 * shrink), down = (2 * in->Ysize + shrink - 1) / (2 * shrink);
		*to_w *= shrink, *to_h *= shrink;
		g_object_unref(in);
		check(vips_jpegload(src, &in, "shrink", shrink, "access", VIPS_ACCESS_SEQUENTIAL, NULL));
		/* What is no whole pixel at the right and lower edge was left out. */
		VipsImage *out;
		check(vips_embed(in, &out, 0, 0, across, down, "extend", VIPS_EXTEND_COPY, NULL));
		become(&in, out);
	}
	return in;
}

static VipsImage *scale(const char *src, double w, double h, double leave, int linear, double k) {
	double to_w, to_h;
	VipsImage *in = load(src, w, h, leave, &to_w, &to_h), *out;
	if (linear) {
		check(vips_colourspace(in, &out, VIPS_INTERPRETATION_scRGB, NULL));
		become(&in, out);
	}
	check(vips_resize(in, &out, to_w, "vscale", to_h, NULL));
	become(&in, out);
	if (linear) {
		check(vips_colourspace(in, &out, VIPS_INTERPRETATION_sRGB, NULL));
		become(&in, out);
	}
	if (k > 0)
		sharpen(&in, k);
	check(!(out = vips_image_copy_memory(in)));
	become(&in, out);
	return in;
}

static void scales(char **a, int times) {
	double began = cpu_ms();
	VipsImage *image = NULL;
	for (int i = 0; i < times; i++) {
		if (image)
			g_object_unref(image);
		image = scale(a[0], atof(a[1]), atof(a[2]), atof(a[3]), atoi(a[4]), atof(a[5]));
	}
	printf("%.3f 0\n", (cpu_ms() - began) / times);
	check(vips_pngsave(image, a[6], "compression", 1, "strip", TRUE, NULL));
}

static void encodes(char **a, int times) {
	VipsImage *in = vips_image_new_from_file(a[0], NULL);
	void *data = NULL;
	size_t bytes = 0;
	check(!in || !(in = vips_image_copy_memory(in)));
	double began = cpu_ms();
	for (int i = 0; i < times; i++) {
		g_free(data);
		check(vips_image_write_to_buffer(in, a[1], &data, &bytes, NULL));
	}
	printf("%.3f %zu\n", (cpu_ms() - began) / times, bytes);
	FILE *f = fopen(a[2], "wb");
	if (!f || fwrite(data, 1, bytes, f) != bytes || fclose(f))
		vips_error_exit("cannot write %s", a[2]);
}

int main(int argc, char **argv) {
	if (VIPS_INIT(argv[0]))
		vips_error_exit(NULL);
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	if (argc == 10 && strcmp(argv[1], "scale") == 0)
		scales(argv + 2, atoi(argv[9]));
	else if (argc == 6 && strcmp(argv[1], "encode") == 0)
		encodes(argv + 2, atoi(argv[5]));
	else
		vips_error_exit("usage: see the source");
	return 0;
}
