// The code in this file stands in front of libjxl, like that of orc.c before Orc: libvips
// before 8.16 reads all frames of an animation over each other, and so gives the last one.
// Where there is no libjxl, nobody calls it.

#define _GNU_SOURCE // RTLD_NEXT
#include <dlfcn.h>
#include <vips/vips.h>

// libjxl's header is not needed to build Thumbery: these are the states of its decoder.
enum { SUCCESS = 0, NEED_MORE_INPUT = 2, NEED_IMAGE_OUT_BUFFER = 5, FULL_IMAGE = 0x1000 };

int JxlDecoderProcessInput(void *decoder);

// JxlDecoderProcessInput ends where a second frame begins.
int JxlDecoderProcessInput(void *decoder)
{
	static int (*process)(void *);
	static _Thread_local void *finished; // the decoder of this thread, when a frame is there
	int status;

	if (!process)
		*(void **) &process = dlsym(RTLD_NEXT, "JxlDecoderProcessInput");
	status = process(decoder);
	if (vips_version(0) > 8 || vips_version(1) >= 16)
		return status;
	if (status == NEED_IMAGE_OUT_BUFFER && finished == decoder)
		status = SUCCESS;
	if (status == FULL_IMAGE)
		finished = decoder;
	else if (status != NEED_MORE_INPUT) // another decoder may come to lie where this one was
		finished = NULL;
	return status;
}
