// Package failpoint names the points where tests stop the program in order to kill it:
// within writing a file, resizing a picture, removing a directory. A test that waits for
// such a point does not depend on luck, however slow or busy the machine is.
//
// The program names a point with
//
//	failpoint.Reach("temp file synced")
//
// In what users run, Reach is empty. If the program is built with -tags failpoints on
// Linux, as e2e builds it, a process with
//
//	FAILPOINT="temp file synced:3"
//
// in its environment writes [Reached] and the name as a line to standard error when it
// gets to that point for the third time, and stops all of its threads (SIGSTOP). It can
// then be killed (SIGKILL) or continued (SIGCONT), after which it does not stop again.
// Without a number it stops the first time.
//
// In e2e, ServeUntil and StartUntil start the program with a failpoint, AwaitStop waits
// until it has stopped, and Kill kills it.
package failpoint

// Reached begins the line that a process writes before it stops.
const Reached = "failpoint reached: "

// Misbehave marks pictures that have the process that makes pictures misbehave, if it is
// built so, too; see resize/sandbox/worker/misbehave_linux.go. WithoutWalls is the
// environment variable with which that process then puts up no walls.
const (
	Misbehave    = "thumbery-misbehave:"
	WithoutWalls = "THUMBERY_WITHOUT_WALLS"
)
