package settings

import (
	"errors"
	"net/url"
	"time"

	"github.com/alecthomas/kong"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
)

// CacheFlag is for all commands that use the disk cache.
type CacheFlag struct {
	Cache string `complete:"dir" default:"thumbery-cache" help:"Directory of the disk cache."`
}

// Validate refuses none.
func (f *CacheFlag) Validate() error {
	if f.Cache == "" {
		return errors.New("--cache: must name a directory")
	}
	return nil
}

// CacheFlags are about the disk cache and the memory cache.
type CacheFlags struct {
	CacheFlag
	NoSync     bool          `help:"Do not wait until files have reached the disk: faster on slow disks, but a power failure may leave damaged files."`
	Hot        values.Amount `serving:"" default:"64MiB" help:"Size of the memory cache of derivatives. Not used with --accel and --sendfile-header."`
	NoHot      bool          `serving:"" help:"Start with the memory cache switched off; PATCH /switches of the admin listener switches it on."`
	PurgeEvery time.Duration `serving:"" placeholder:"DURATION" help:"Purge the cache about this often, for example 1h, by the limits that follow. Without it, run thumbery purge from cron."`
	PolicyFlags
}

// Validate refuses flags that contradict each other.
func (f *CacheFlags) Validate() error {
	switch {
	case f.PurgeEvery < 0 || f.PurgeEvery > 0 && f.PurgeEvery < time.Minute:
		return errors.New("--purge-every: must be a minute or more")
	case f.PurgeEvery > 0 && f.Policy().Empty():
		return errors.New("--purge-every: there is nothing to purge by: give --older-than, --max-size, --max-files or --min-free, too")
	}
	return nil
}

// PolicyFlags say what a purge removes. purge and serve share them.
type PolicyFlags struct {
	evictionFlags `set:"of="`
	MinFree       values.Percent `placeholder:"PERCENT" help:"Evict the least recently used files while less of the disk's space or inodes is free, for example 10%. While it is, a server caches nothing more; without this flag, while less than 5% and less than 1 GiB (or 65,536 inodes) is free."`
	Originals     evictionFlags  `embed:"" prefix:"originals-" set:"of= of originals"`
	Mezzanines    evictionFlags  `embed:"" prefix:"mezzanines-" set:"of= of mezzanines"`
	Derivatives   evictionFlags  `embed:"" prefix:"derivatives-" set:"of= of derivatives"`
}

// evictionFlags are eviction.Limits, of all files or of those of one tier.
type evictionFlags struct {
	OlderThan values.Age    `serving:"" placeholder:"DURATION" help:"Evict files${of} that were last used longer ago, for example 36h, 30d or 8w."`
	MaxSize   values.Budget `serving:"" placeholder:"SIZE" help:"Evict the least recently used files${of} when they take more, for example 50GiB, down to 90%."`
	MaxFiles  values.Budget `serving:"" placeholder:"NUMBER" help:"Evict the least recently used files${of} when there are more, for example 1000000, down to 90%."`
}

func (f evictionFlags) limits() eviction.Limits {
	return eviction.Limits{OlderThan: time.Duration(f.OlderThan), MaxBytes: int64(f.MaxSize), MaxFiles: int64(f.MaxFiles)}
}

// Policy is an empty Policy if no flag was given.
func (f PolicyFlags) Policy() eviction.Policy {
	return eviction.Policy{
		All: f.limits(), Originals: f.Originals.limits(), Mezzanines: f.Mezzanines.limits(), Derivatives: f.Derivatives.limits(),
		MinFree: float64(f.MinFree),
	}
}

// ParsePolicy reads the flags of PolicyFlags from a query, without their hyphens. Empty values
// limit nothing.
func ParsePolicy(query url.Values) (eviction.Policy, error) {
	var args []string
	for name, texts := range query {
		for _, text := range texts {
			if text != "" {
				args = append(args, "--"+name+"="+text)
			}
		}
	}
	var f PolicyFlags
	parser, err := kong.New(&f, kong.NoDefaultHelp())
	if err == nil {
		_, err = parser.Parse(args)
	}
	return f.Policy(), err
}

// SharedFlags are about the tier of the cache that servers share.
type SharedFlags struct {
	Shared        *url.URL      `placeholder:"URL" help:"Keep derivatives in a bucket, too, where other servers find them: s3://bucket/prefix, with the parameters of --source. The bucket's lifecycle rule expires them: see deploy/shared-lifecycle.json."`
	SharedMinCost time.Duration `min:"0s" default:"20ms" help:"Keep nothing there that took less time to fetch and make; 0 keeps everything."`
	SharedHedge   time.Duration `min:"0s" default:"100ms" help:"How long a request waits for that bucket before the derivative is made at the same time."`
}
