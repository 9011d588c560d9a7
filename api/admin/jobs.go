package admin

import (
	"time"

	"github.com/thumbery/thumbery/variant"
)

// Priming is what POST /prime and /jobs need. Rules are
// those of the public side, so that nothing is made that nobody can ask for.
type Priming struct {
	Jobs Jobs
	variant.Rules
}

// Jobs are runs of work that nobody waits for. Its methods are called by several
// goroutines at once.
type Jobs interface {
	// Start begins a job, and does not wait for it. Its errors have the kinds of
	// those of pictures, and are answered alike: gate.ErrBusy, with 503, where
	// there are too many jobs; *resize.UnsupportedError, with 501, for what this
	// server cannot make; originals.ErrReadOnly.
	Start(JobRequest) (JobStatus, error)
	// Status is that of a job that runs, or has ended not too long ago.
	Status(id string) (status JobStatus, ok bool)
	// All are the jobs that Status knows, the latest first.
	All() []JobStatus
	// Stop ends a job and waits until nothing is done for it any more. It reports
	// false if Status does not know it; one that has ended stays as it is.
	Stop(id string) bool
}

// JobRequest says what is to be made, of what. There is at least one variant, and
// at least one key or List.
type JobRequest struct {
	Keys []variant.Key
	// List has everything made that the origin has under Prefix, too, which may be
	// ""; of that, where Since is not 0, only what was changed no longer ago.
	List   bool
	Prefix string
	Since  time.Duration
	// Variants are different from each other, and in the server's own format where
	// the options say none.
	Variants []variant.Variant
	// AllFormats has each format made that variant.FormatAuto can choose, and not
	// only those of the usual browsers.
	AllFormats bool
}

// JobState is where a job stands.
type JobState string

// The values of JobState.
const (
	JobRunning JobState = "running"
	JobDone    JobState = "done"    // with or without pictures that failed
	JobStopped JobState = "stopped" // by Stop, or as the server ends
	JobFailed  JobState = "failed"  // it cannot go on: Reason says why
)

// JobStatus is what GET /jobs/<id> tells.
type JobStatus struct {
	// ID is of letters, digits, "-" and "_".
	ID     string    `json:"id"`
	State  JobState  `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended,omitzero"`
	// Pictures is how many are known of, and grows while Listing; Finished how many
	// of them nothing is left to do for.
	Pictures int  `json:"pictures"`
	Finished int  `json:"finished"`
	Listing  bool `json:"listing"`
	// Derivatives by what came of them.
	Made   int `json:"made"`
	There  int `json:"there"` // they were in the cache
	Failed int `json:"failed"`
	// NotPictures is how many of Finished are something else, of which nothing is
	// made, and nothing Failed.
	NotPictures int `json:"not_pictures"`
	// FirstNotPicture is the key of one of them.
	FirstNotPicture string `json:"first_not_picture,omitempty"`
	// LeftOut is how many of what was listed no URL can name. They are none of
	// Pictures.
	LeftOut int `json:"left_out"`
	// FirstLeftOut is the name of one of them, or its beginning.
	FirstLeftOut string `json:"first_left_out,omitempty"`
	// Rate is in derivatives a second, of the last seconds, and of all when it has
	// ended.
	Rate float64 `json:"rate"`
	// Left is how many seconds it will still take; 0 if that is not known.
	Left float64 `json:"seconds_left,omitempty"`
	// Errors are the first of what Failed.
	Errors []JobError `json:"errors,omitempty"`
}

// JobError is what went wrong with a picture.
type JobError struct {
	Key   string `json:"key"`
	Error string `json:"error"`
}
