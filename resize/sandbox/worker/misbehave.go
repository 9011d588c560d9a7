package worker

import "github.com/thumbery/thumbery/internal/failpoint"

// For tests: what a worker does that is built with -tags failpoints, on Linux.
const (
	// Misbehave, and a name and a semicolon behind it, anywhere in a picture, such as in
	// the comment of a JPEG, has the worker do, before it decodes the picture, what a
	// decoder does that has crashed, or that a stranger has taken over.
	//
	//	segv abort kill exit   ends with that signal; with exit code 7
	//	loop                   computes for ever
	//	memory, starve         takes memory without end; all there is, and ends with SIGSEGV
	//	garbage                sends an answer that is none, and goes on
	//	open socket fork       tries that
	//	keep, kept             leaves a descriptor open; and tries to use it for the next
	//	escape=ATTEMPT         tries one of package escape's
	//
	// If what is tried is denied, which the worker writes to standard error, the picture is
	// made as any other. If not, it writes "ESCAPED" and exits with code 8.
	Misbehave = failpoint.Misbehave
	// WithoutWalls is the environment variable with which the worker puts up no walls.
	WithoutWalls = "THUMBERY_WITHOUT_WALLS"
)
