package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/internal/lifecycle"
)

// cacheFlags are about the disk cache and the memory cache.
type cacheFlags struct {
	Cache      string        `default:"thumbery-cache" help:"Directory of the disk cache."`
	NoSync     bool          `help:"Do not wait until files have reached the disk: faster on slow disks, but a power failure may leave damaged files."`
	Hot        values.Amount `default:"64MiB" help:"Size of the memory cache of derivatives. Not used with --accel and --sendfile-header."`
	NoHot      bool          `help:"Start with the memory cache switched off; PATCH /switches of the admin listener switches it on."`
	PurgeEvery time.Duration `placeholder:"DURATION" help:"Purge the cache about this often, for example 1h, by the limits that follow. Without it, run thumbery purge from cron."`
	policyFlags
}

// validate says which flags contradict each other.
func (f *cacheFlags) validate() error {
	switch {
	case f.Cache == "":
		return errors.New("--cache: must name a directory")
	case f.PurgeEvery < 0 || f.PurgeEvery > 0 && f.PurgeEvery < time.Minute:
		return errors.New("--purge-every: must be a minute or more")
	case f.PurgeEvery > 0 && f.policy().Empty():
		return errors.New("--purge-every: there is nothing to purge by: give --older-than, --max-size, --max-files or --min-free, too")
	}
	return nil
}

// purging is the purge loop, if there is --purge-every.
func (f *cacheFlags) purging(log *slog.Logger) lifecycle.Tasks {
	if f.PurgeEvery == 0 {
		return nil
	}
	loop := disk.PurgeLoop{Dir: f.Cache, Every: f.PurgeEvery, Policy: f.policy(), Log: log}
	return lifecycle.Tasks{{Name: "purge", Run: loop.Run}}
}

// policyFlags say what a purge removes. purge and serve share them.
type policyFlags struct {
	evictionFlags `set:"of="`
	MinFree       values.Percent `placeholder:"PERCENT" help:"Evict the least recently used files while less of the disk's space or inodes is free, for example 10%. While it is, a server caches nothing more; without this flag, while less than 5% and less than 1 GiB (or 65,536 inodes) is free."`
	Originals     evictionFlags  `embed:"" prefix:"originals-" set:"of= of originals"`
	Mezzanines    evictionFlags  `embed:"" prefix:"mezzanines-" set:"of= of mezzanines"`
	Derivatives   evictionFlags  `embed:"" prefix:"derivatives-" set:"of= of derivatives"`
}

// evictionFlags are eviction.Limits, of all files or of those of one tier.
type evictionFlags struct {
	OlderThan values.Age      `placeholder:"DURATION" help:"Evict files${of} that were last used longer ago, for example 36h, 30d or 8w."`
	MaxSize   values.Budget   `placeholder:"SIZE" help:"Evict the least recently used files${of} when they take more, for example 50GiB, down to 90%."`
	MaxFiles  values.Quantity `placeholder:"NUMBER" help:"Evict the least recently used files${of} when there are more, for example 1000000, down to 90%."`
}

func (f evictionFlags) limits() eviction.Limits {
	return eviction.Limits{OlderThan: time.Duration(f.OlderThan), MaxBytes: int64(f.MaxSize), MaxFiles: int64(f.MaxFiles)}
}

// policy is an empty Policy if no flag was given.
func (f policyFlags) policy() eviction.Policy {
	return eviction.Policy{
		All: f.limits(), Originals: f.Originals.limits(), Mezzanines: f.Mezzanines.limits(), Derivatives: f.Derivatives.limits(),
		MinFree: float64(f.MinFree),
	}
}
