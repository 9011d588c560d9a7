// Package misdeeds has pictures that crash the child process that works on them, or have it
// do what it may not; and says how a server must answer. They are for a worker that is
// built with -tags failpoints.
package misdeeds

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/internal/failpoint"
)

// Misdeed is what a picture has its child process do, and what follows from it.
type Misdeed struct {
	Name    string
	Answers []string // to requests for it, one after the other: the kind of problem, or OK
	Cause   string   // of the deaths, as in the metrics; "" if nothing dies
	Deaths  int      // by so many requests
}

// OK is the kind of an answer that is a picture.
const OK = ""

// Statuses are those of the kinds of answers. Read-only.
var Statuses = map[string]int{OK: 200, "crashed": 500, "quarantined": 422, "too-much-memory": 422, "too-slow": 503}

// Loop lasts until the server ends it.
var Loop = excess("loop", "too-slow", "time")

// Quick are all others. Read-only.
var Quick = []Misdeed{
	crash("segv", "signal"), crash("abort", "signal"), crash("kill", "signal"), crash("exit", "signal"), crash("garbage", "protocol"),
	excess("memory", "too-much-memory", "memory"), excess("starve", "too-much-memory", "memory"),
	attempt("open"), attempt("socket"), attempt("fork"), attempt("keep"), attempt("kept"),
}

// crash is a misdeed that ends the process, until the picture is refused.
func crash(name, cause string) Misdeed {
	return Misdeed{name, []string{"crashed", "quarantined", "quarantined"}, cause, 2}
}

// excess is a misdeed that takes too much of something, each time.
func excess(name, kind, cause string) Misdeed {
	return Misdeed{name, []string{kind, kind}, cause, 2}
}

// attempt is a misdeed that is denied, and harms nobody.
func attempt(name string) Misdeed { return Misdeed{name, []string{OK, OK}, "", 0} }

// Picture adds a comment to a JPEG that has its child process do the misdeed.
func Picture(jpeg []byte, name string) []byte {
	comment := failpoint.Misbehave + name + ";"
	segment := append([]byte{0xff, 0xfe, 0, byte(len(comment) + 2)}, comment...)
	return slices.Concat(jpeg[:2], segment, jpeg[2:])
}

// Check returns what is wrong with an answer that is to be of a kind.
func Check(kind string, status int, body []byte) error {
	if status != Statuses[kind] || kind != OK && !bytes.Contains(body, []byte(`"urn:thumbery:`+kind+`"`)) {
		return fmt.Errorf("%d %.300s, want %d %s", status, body, Statuses[kind], kind)
	}
	return nil
}
