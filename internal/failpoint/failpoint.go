// Package failpoint names the places where tests stop the program, to kill it
// there: within the writing of a file, the making of a picture, the removal of a
// directory. A test that waits for such a place needs no luck, however slow or
// busy the machine is.
//
// The program says where they are:
//
//	failpoint.Reach("temp file synced")
//
// In what users run that is nothing: Reach is empty, and no variable of the
// environment is looked at. Built with -tags failpoints, on Linux, as the tests of
// e2e build it, the process that finds
//
//	FAILPOINT="temp file synced:3"
//
// in its environment writes [Reached] and the name as a line to its standard error
// when it comes to that place for the third time, and stops as a whole (SIGSTOP): no
// thread does anything any more. It can then be killed (SIGKILL), or continued
// (SIGCONT), after which it stops no more. Without a number it is the first time.
//
// In e2e, serveUntil and startUntil start the program so, awaitStop waits until it has
// stopped, and kill kills it.
package failpoint

// Reached begins the line that a process writes before it stops.
const Reached = "failpoint reached: "
