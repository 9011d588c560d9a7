package main

/*
#define _GNU_SOURCE // MAP_ANONYMOUS
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t share; // bytes of memory that pictures may take
static struct sigaction before[NSIG];

// crashed says whether memory was short when the process crashed, and leaves the rest to
// the handler that was there before, which is Go's.
static void crashed(int sig, siginfo_t *info, void *context)
{
	static const char said[] = "thumbery-worker: out of memory: it crashed with more than half of its memory in use\n";
	void *half = mmap(NULL, share / 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (half != MAP_FAILED)
		munmap(half, share / 2);
	else if (write(STDERR_FILENO, said, sizeof said - 1) < 0) {
		// nobody reads it
	}
	before[sig].sa_sigaction(sig, info, context);
}

// explain_crashes has crashed called, in all threads.
static void explain_crashes(size_t memory)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

	share = memory;
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
		struct sigaction mine;

		sigaction(crashes[i], NULL, &before[crashes[i]]);
		if (!(before[crashes[i]].sa_flags & SA_SIGINFO))
			continue; // not Go's
		mine = before[crashes[i]];
		mine.sa_sigaction = crashed;
		sigaction(crashes[i], &mine, NULL);
	}
}
*/
import "C"

// explainCrashes has the process say on standard error that it was short of memory, if it
// was when it crashed: some libraries, libaom above all, use what malloc returns without
// looking at it. Such a crash is not a picture's fault, but the limit's. memory is that
// limit in bytes; with 0 there is none.
func explainCrashes(memory int64) {
	if memory > 0 {
		C.explain_crashes(C.size_t(memory))
	}
}
