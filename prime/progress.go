package prime

import "time"

// State is the state of a job.
type State string

// The values of State.
const (
	Running State = "running"
	Done    State = "done"    // with or without pictures that failed
	Stopped State = "stopped" // before its end
	Failed  State = "failed"  // it cannot go on: Reason says why
)

// Progress says how far a job is. It is a line of the answer to POST /prime.
type Progress struct {
	State  State     `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended,omitzero"`
	// Pictures is how many pictures are known so far, and grows while Listing.
	// Finished is how many of them need no more work.
	Pictures int  `json:"pictures"`
	Finished int  `json:"finished"`
	Listing  bool `json:"listing"`
	// Made, There and Failed count derivatives.
	Made   int `json:"made"`
	There  int `json:"there"` // they were in the cache
	Failed int `json:"failed"`
	// NotPictures is how many of Finished are not pictures. They are not failures.
	NotPictures int `json:"not_pictures"`
	// FirstNotPicture is the key of one of them.
	FirstNotPicture string `json:"first_not_picture,omitempty"`
	// LeftOut is how many listed names were skipped because no URL can have them.
	// Pictures does not count them.
	LeftOut int `json:"left_out"`
	// FirstLeftOut is one of these names, or its beginning.
	FirstLeftOut string `json:"first_left_out,omitempty"`
	// Rate is in derivatives a second, of the last seconds, and of all at the end.
	Rate float64 `json:"rate"`
	// Left is how many seconds it will still take; 0 if that is not known.
	Left float64 `json:"seconds_left,omitempty"`
	// Errors are the first of what Failed.
	Errors []Error `json:"errors,omitempty"`
}

// Error is what went wrong with a picture.
type Error struct {
	Key   string `json:"key"`
	Error string `json:"error"`
}

// After adds what an earlier job has done to what p has.
func (p Progress) After(earlier Progress) Progress {
	p.Pictures, p.Finished = p.Pictures+earlier.Pictures, p.Finished+earlier.Finished
	p.Made, p.There, p.Failed = p.Made+earlier.Made, p.There+earlier.There, p.Failed+earlier.Failed
	p.NotPictures, p.LeftOut = p.NotPictures+earlier.NotPictures, p.LeftOut+earlier.LeftOut
	p.FirstNotPicture, p.FirstLeftOut = first(earlier.FirstNotPicture, p.FirstNotPicture), first(earlier.FirstLeftOut, p.FirstLeftOut)
	errors := append(earlier.Errors[:len(earlier.Errors):len(earlier.Errors)], p.Errors...)
	p.Errors = errors[:min(len(errors), maxErrors)]
	if !earlier.Began.IsZero() {
		p.Began = earlier.Began
	}
	return p
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
