// The code in this file stands in front of librsvg, like that of orc.c before Orc: libvips
// says in which resolution lengths in millimetres, points and so on are drawn, always 72 an
// inch unless all of the drawing is to be larger. Where there is no librsvg, nobody calls
// it.

#define _GNU_SOURCE // RTLD_NEXT
#include <dlfcn.h>

void rsvg_handle_set_dpi(void *handle, double dpi);

// rsvg_handle_set_dpi has browsers' resolution, whatever is asked for.
void rsvg_handle_set_dpi(void *handle, double dpi)
{
	static void (*set)(void *, double);

	if (!set)
		*(void **) &set = dlsym(RTLD_NEXT, "rsvg_handle_set_dpi");
	set(handle, 96);
}
