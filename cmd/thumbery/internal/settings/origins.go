package settings

import (
	"errors"
	"slices"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/storage"
)

// DefaultSource serves the pictures that come with the code.
const DefaultSource = "/=file:testdata"

// OriginFlags say where the originals are, and what happens when they cannot be had.
type OriginFlags struct {
	Source []storage.Source `default:"${default_source}" sep:" " help:"Backend of the originals whose keys begin with a prefix, as PREFIX=URL: s3://bucket/prefix?endpoint=…&region=…&profile=…, or file:///dir. URLs with commas between them are a chain: a backend is asked for what the one before does not have. URLs with | between them are mirrors: one is asked when the one before fails. Repeatable; the longest prefix wins. The default serves the pictures that come with the code."`

	ConnectTimeout   time.Duration `min:"1ms" default:"5s" help:"Time limit for connecting to S3."`
	FirstByteTimeout time.Duration `min:"1ms" default:"10s" help:"Time limit until S3 begins its response."`
	StallTimeout     time.Duration `min:"1ms" default:"20s" help:"How long no byte of an original may arrive before its fetch is given up."`
	FetchTimeout     time.Duration `min:"1ms" default:"65s" help:"Time limit for one original, with retries."`

	Hedge   time.Duration `min:"0s" placeholder:"DURATION" help:"Send a second request, to the next mirror, when one has not begun to respond after this time, for example 300ms."`
	NoHedge bool          `serving:"" help:"Start with hedging switched off; PATCH /switches of the admin listener switches it on."`
	Repair  bool          `serving:"" help:"Copy originals that are found further down a chain to its first backend, in the background."`

	Revalidate     time.Duration `min:"0s" placeholder:"DURATION" help:"Check in the background whether an original has changed when it is used after this time, for example 24h. Without it, originals never change."`
	RevalidateSync time.Duration `min:"0s" placeholder:"DURATION" help:"Check before an original is used after this time, for example 168h. While its backend does not respond, the old one is used."`
	NegativeTTL    time.Duration `serving:"" min:"0s" name:"negative-ttl" default:"1m" help:"How long to remember that an original does not exist."`

	RedirectRaw values.Amount `serving:"" default:"0" help:"Redirect requests for the bytes of an original to S3 if it is larger than this, for example 1MiB, and not cached; 0 is never."`
	ReadOnly    bool          `serving:"" help:"Start without fetching anything: serve what is cached, and what can be made of that. PATCH /switches of the admin listener switches fetching on."`
}

// Validate refuses flags that contradict each other.
func (f *OriginFlags) Validate() error {
	switch {
	case f.Repair && !slices.ContainsFunc(f.Source, func(s storage.Source) bool { return len(s.URLs) > 1 }):
		return errors.New("--repair: no --source is a chain, such as /=s3://new,file:///srv/old, so there is nothing to repair")
	case f.RevalidateSync > 0 && f.Revalidate == 0:
		return errors.New("--revalidate-sync: give --revalidate, too: it is asked in the background first")
	case f.RevalidateSync > 0 && f.RevalidateSync < f.Revalidate:
		return errors.New("--revalidate-sync: must not be less than --revalidate")
	}
	return CheckSources(f.Source)
}

// CheckSources refuses none, which an empty variable, or an empty list in a settings file,
// gives: every picture would be a 404.
func CheckSources(all []storage.Source) error {
	if len(all) == 0 {
		return errors.New("--source: must not be empty; say where the pictures are, as in --source /=file:///srv/pictures or --source /=s3://bucket")
	}
	return nil
}
