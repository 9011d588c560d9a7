/* The least that resizing pictures with libvips can cost: every file named is
 * read, and resized and encoded by WORKERS threads.
 *
 *   bare WORKERS WIDTH HEIGHT CROP .FORMAT[OPTIONS] FILE…
 *
 * HEIGHT 0 is any. Prints the CPU milliseconds of all files, without starting
 * libvips, and the bytes that came out.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <vips/vips.h>

static int width, height, crop, files;
static const char *suffix;
static char **file;
static atomic_int taken;
static atomic_size_t bytes;

static double cpu_ms(void) {
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;
}

static void one(const char *path) {
	char *data;
	gsize len;
	void *result;
	size_t size;
	VipsImage *image;
	if (!g_file_get_contents(path, &data, &len, NULL))
		vips_error_exit("cannot read %s", path);
	if (vips_thumbnail_buffer(data, len, &image, width,
			"height", height ? height : VIPS_MAX_COORD,
			"size", VIPS_SIZE_DOWN,
			"crop", crop ? VIPS_INTERESTING_CENTRE : VIPS_INTERESTING_NONE, NULL)
		|| vips_image_write_to_buffer(image, suffix, &result, &size, NULL))
		vips_error_exit("%s", path);
	bytes += size;
	g_object_unref(image);
	g_free(result);
	g_free(data);
}

static void *work(void *unused) {
	for (int i; (i = taken++) < files;)
		one(file[i]);
	vips_thread_shutdown();
	return unused;
}

int main(int argc, char **argv) {
	if (argc < 7 || VIPS_INIT(argv[0]))
		vips_error_exit("usage: bare WORKERS WIDTH HEIGHT CROP SUFFIX FILE...");
	int workers = atoi(argv[1]);
	width = atoi(argv[2]), height = atoi(argv[3]), crop = atoi(argv[4]), suffix = argv[5];
	file = argv + 6, files = argc - 6;
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	pthread_t *threads = g_new(pthread_t, workers);
	double began = cpu_ms();
	for (int i = 0; i < workers; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			vips_error_exit("no thread");
	for (int i = 0; i < workers; i++)
		pthread_join(threads[i], NULL);
	printf("%.3f %zu\n", cpu_ms() - began, (size_t) bytes);
	return 0;
}
