// Package sandbox makes pictures in child processes that may do nothing but compute. Pool
// is the resize.Resizer of the serving process, which links no decoder: pictures come from
// strangers, decoders are written in C, and what a picture does to a
// decoder must end with its process.
//
// Each child makes one picture at a time. It gets the original as an open file and an
// empty memfd for the results, and nothing that it says is believed: every number of an
// answer is compared with bounds, results are copied before they are looked at, and their
// headers are compared with what was asked for. What is late is killed. A child that
// crashes, or answers nonsense, costs the request that it had.
//
// Package worker is the child's side, package walls keeps a child from doing anything
// else, and package internal/wire is what the two sides say to each other.
package sandbox

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/variant"
)

// Config is how children are started. Worker, Build and Workers are needed.
type Config struct {
	// Worker is the path of the program that runs worker.Run, and Build the version that
	// it must have.
	Worker, Build string
	// Workers is how many pictures are made at once. There is one child more, to take the
	// place of one that dies.
	Workers int
	// Pictures is how many pictures a child makes until a new one takes its place; 0 is
	// DefaultPictures.
	Pictures int
	// Memory is how many bytes of address space each child may take for a picture; 0 is
	// no limit.
	Memory int64
	Engine engine.Config
	// Require makes Capabilities fail if the system does not offer all walls.
	Require bool
	// Died is told that a child ended that should not have, by many goroutines at once; nil
	// is nobody. ctx is that of the call that asked for the picture it was working on, and
	// may have ended.
	Died func(ctx context.Context, d Death)
	Log  *slog.Logger // for children that do not start, or not soon; nil is none

	alone bool // only one child: nothing is to be made
	// For tests.
	startTimeout time.Duration // how long a child may take to be ready
	slowStart    time.Duration // after which that is logged
	patience     time.Duration // how long a picture whose turn it is waits when no child can be started
}

// DefaultPictures is Config.Pictures unless something else is asked for.
const DefaultPictures = 1000

// Cause is the class of a death.
type Cause string

// The values of Cause.
const (
	Signal   Cause = "signal"   // it crashed
	Memory   Cause = "memory"   // it needed more than it may have
	Time     Cause = "time"     // it was killed because its time was over
	Protocol Cause = "protocol" // it said what cannot be, or left
)

// Death is the end of a child that should not have ended.
type Death struct {
	Cause  Cause
	Format variant.Format // of the original it was working on; 0 if it was idle
	Size   int64          // of that, in bytes
	Detail string         // how it ended and what it said last, printable, of at most 500 bytes; not for the public

	systemShort bool // of memory, and not the child of its share
}

// State is what a Pool says about itself, for metrics and readiness.
type State struct {
	Workers int             // pictures that can be made at once
	Alive   int             // children that are ready, idle or at work
	Idle    int             // of these, those without work
	Deaths  map[Cause]int64 // of all causes
	// Degraded reports that one child after another cannot be started, or dies before it
	// has finished anything, so that new ones are started with pauses. Trouble says what
	// was wrong with the last.
	Degraded bool
	Trouble  string
	Walls    []Wall
}

// Wall is a limit of what children may do.
type Wall struct {
	Name    string // "landlock", "seccomp" and so on
	Missing string // why this system does not offer it; "" if it does
	// Optional: Config.Require does not need it, since it backs up others.
	Optional bool
}

// Missing returns those of the walls that children do not have.
func (s State) Missing() []Wall { return missing(s.Walls) }

func missing(walls []Wall) (without []Wall) {
	for _, w := range walls {
		if w.Missing != "" {
			without = append(without, w)
		}
	}
	return without
}

// environment are the variables that children get: where libraries and fonts are, and how
// libvips and malloc are tuned. Nothing else of the parent's, like its credentials, is there.
func environment() (env []string) {
	for _, name := range []string{
		"LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "FONTCONFIG_SYSROOT", "HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME",
		"VIPS_CONCURRENCY", "VIPS_NOVECTOR", "VIPS_DISC_THRESHOLD", "MALLOC_ARENA_MAX", "GLIBC_TUNABLES", "GOTRACEBACK", "GOCOVERDIR",
	} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
