// The code in this file stands in front of Orc, of which libvips before 8.15 has
// machine code made for some operations (vips_reducev, so nearly every picture, and
// vips_conv), and thrown away with the operation.
//
// Orc before 0.4.34, such as Debian 12's, keeps the list of the memory for such code
// without a lock. Of two threads at once one may free an entry that the other is
// about to change or to free, which damages the heap ("double free or corruption",
// "unaligned fastbin chunk detected", anywhere and later), and both may get the same
// memory, so that one runs the code of the other. 20,000 operations of four threads
// were enough for it on two cores, of which those of bimg are some, so that a lock
// in package vips would not do.
//
// libvips calls a function by its name, and the dynamic linker takes that of the
// program before that of a library: both that come to the list are here, and go on
// to Orc's, one at a time. The code itself runs without a lock. Where there is no
// Orc, nobody calls them.

#define _GNU_SOURCE // RTLD_NEXT
#include <dlfcn.h>
#include <glib.h>

// Orc's header is not needed to build Thumbery: these are its types, as the calling
// convention sees them.
typedef struct OrcProgram OrcProgram;
typedef int OrcCompileResult;

OrcCompileResult orc_program_compile(OrcProgram *program);
void orc_program_free(OrcProgram *program);

static GMutex programs;

OrcCompileResult orc_program_compile(OrcProgram *program)
{
	static OrcCompileResult (*compile)(OrcProgram *);
	OrcCompileResult result;

	g_mutex_lock(&programs);
	if (!compile)
		*(void **) &compile = dlsym(RTLD_NEXT, "orc_program_compile");
	result = compile(program);
	g_mutex_unlock(&programs);
	return result;
}

void orc_program_free(OrcProgram *program)
{
	static void (*release)(OrcProgram *);

	g_mutex_lock(&programs);
	if (!release)
		*(void **) &release = dlsym(RTLD_NEXT, "orc_program_free");
	release(program);
	g_mutex_unlock(&programs);
}
