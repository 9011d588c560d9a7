package disk

import (
	"context"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// ForgetOptions are optional.
type ForgetOptions struct {
	DryRun   bool                // remove nothing, and count what would be removed
	Progress func(done, all int) // called after each shard with how many of all are done

	unlink func(dir int, name string) error // tests replace it
}

// ForgetSummary is what Forget has done, or would do if it was a DryRun.
type ForgetSummary struct {
	Pictures int64 `json:"pictures"` // that had a file
	eviction.PerTier[eviction.Count]
	Failed  int64  `json:"failed"` // files that could not be removed, directories that could not be read
	Failure string `json:"failure,omitempty"`
	DryRun  bool   `json:"dry_run,omitempty"`
}

// Forget removes pictures, with everything made of them, from a cache directory: those of
// keys, and those in the Journal whose keys begin with one of prefixes. It does not wait
// for a purge. The keys stay in the journal until the next one.
//
// A file that is being fetched or made may be stored afterwards.
//
// It returns ErrNoCache if dir is no cache directory, and the cause of ctx, with what was
// done until then, if ctx ended it. A file that cannot be removed is no error: see
// ForgetSummary.Failed.
func Forget(ctx context.Context, dir string, keys []variant.Key, prefixes []string, opts ForgetOptions) (ForgetSummary, error) {
	p, err := newPurger(dir, eviction.Policy{}, PurgeOptions{DryRun: opts.DryRun, unlink: opts.unlink})
	if err != nil {
		return ForgetSummary{}, err
	}
	f := newForgetter(ctx, p, prefixes)
	for _, k := range keys {
		shard := string(k.Name()[:shardDigits])
		f.keys[shard] = append(f.keys[shard], k)
	}
	for i := range shards {
		if ctx.Err() != nil {
			break
		}
		f.shard(shardName(i))
		if opts.Progress != nil {
			opts.Progress(i+1, shards)
		}
	}
	return f.summary(), context.Cause(ctx)
}

// forgetter is one call of Forget. It is the worker for all directories.
type forgetter struct {
	*worker
	keys          map[string][]variant.Key // by shard
	prefixes      []string
	wanted, found map[sourceID]struct{} // pictures of the shard
	pictures      int64
}

func newForgetter(ctx context.Context, p *purger, prefixes []string) *forgetter {
	f := &forgetter{
		worker: &worker{pass: &pass{purger: p, ctx: ctx, choose: func(eviction.Tier, *file) bool { return true }}},
		keys:   map[string][]variant.Key{}, prefixes: prefixes,
		wanted: map[sourceID]struct{}{}, found: map[sourceID]struct{}{},
	}
	f.skip = f.unwanted
	return f
}

// unwanted reports whether a file belongs to none of the pictures to forget. Otherwise it
// adds its picture to found.
func (f *forgetter) unwanted(name string) bool {
	id, ok := sourceOf(name)
	if _, wanted := f.wanted[id]; !ok || !wanted {
		return true
	}
	f.found[id] = struct{}{}
	return false
}

func (f *forgetter) summary() ForgetSummary {
	s := ForgetSummary{Pictures: f.pictures, Failed: f.tally.failed, DryRun: f.DryRun}
	for t := range eviction.Tier(eviction.Tiers) {
		*s.Of(t) = f.tally.removed[t]
	}
	if f.tally.failure != nil {
		s.Failure = f.tally.failure.Error()
	}
	return s
}

// shard forgets the pictures of one shard.
func (f *forgetter) shard(shard string) {
	clear(f.wanted)
	clear(f.found)
	dirs := map[string]struct{}{}
	want := func(k variant.Key) {
		name := string(k.Name())
		id, _ := sourceOf(name)
		f.wanted[id] = struct{}{}
		dirs[name[:prefixDigits]] = struct{}{}
	}
	for _, k := range f.keys[shard] {
		want(k)
	}
	if err := f.keysByPrefix(shard, want); err != nil {
		f.fail(err)
	}
	for dir := range dirs {
		for t := range eviction.Tier(eviction.Tiers) {
			f.directory(t, dir, nil)
		}
	}
	f.pictures += int64(len(f.found))
}

func (f *forgetter) keysByPrefix(shard string, want func(variant.Key)) error {
	if len(f.prefixes) == 0 {
		return nil
	}
	file, err := openShard(f.dir, shard)
	if err != nil || file == nil {
		return err
	}
	defer file.Close()
	for n, err := range notes(file, shard) {
		if err != nil {
			return err
		}
		if slices.ContainsFunc(f.prefixes, func(p string) bool { return strings.HasPrefix(string(n.key), p) }) {
			want(n.key)
		}
	}
	return nil
}
