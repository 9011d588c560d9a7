package disk

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// ForgetOptions are optional.
type ForgetOptions struct {
	DryRun   bool                // remove nothing, and count what would be removed
	Progress func(done, all int) // called after each shard with how many of all are done

	unlink func(dir *os.File, name string) error // tests replace it
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
	p, err := newPurger(dir, eviction.Policy{}, PurgeOptions{DryRun: opts.DryRun, unlink: opts.unlink, Progress: opts.Progress})
	if err != nil {
		return ForgetSummary{}, err
	}
	f := &forgetter{purger: p, ctx: ctx, ForgetSummary: ForgetSummary{DryRun: opts.DryRun}}
	byShard := map[string][]variant.Key{}
	for _, k := range keys {
		shard := string(k.Name()[:shardDigits])
		byShard[shard] = append(byShard[shard], k)
	}
	for i := 0; i < shards && ctx.Err() == nil; i++ {
		shard := shardName(i)
		noted, err := p.keysByPrefix(shard, prefixes)
		f.fail(err)
		f.forget(append(noted, byShard[shard]...))
		p.Progress(i+1, shards)
	}
	return f.ForgetSummary, context.Cause(ctx)
}

// forgetter is one call of Forget.
type forgetter struct {
	*purger
	ctx context.Context
	ForgetSummary
}

// forget removes the files of the pictures of one shard. It reads each directory once.
func (f *forgetter) forget(keys []variant.Key) {
	wanted := map[string]sources{} // by directory
	for _, k := range keys {
		name := string(k.Name())
		prefix := name[:prefixDigits]
		if wanted[prefix] == nil {
			wanted[prefix] = sources{}
		}
		wanted[prefix].add(name)
	}
	for prefix, pictures := range wanted {
		found := sources{}
		isWanted := func(name string) bool {
			has := pictures.has(name)
			if has {
				found.add(name)
			}
			return has
		}
		for t := range eviction.Tier(eviction.Tiers) {
			removed, failed := removeNames(f.ctx, filepath.Join(f.dir, t.String(), prefix), isWanted, f.remove)
			*f.Of(t) = f.Of(t).Plus(removed)
			for _, err := range failed {
				f.fail(err)
			}
		}
		f.Pictures += int64(len(found))
	}
}

// keysByPrefix returns the keys in a shard of the journal that begin with one of prefixes.
func (p *purger) keysByPrefix(shard string, prefixes []string) (keys []variant.Key, err error) {
	if len(prefixes) == 0 {
		return nil, nil
	}
	file, err := openShard(p.dir, shard)
	if file == nil {
		return nil, err
	}
	defer file.Close()
	for n, err := range notes(file, shard) {
		if err != nil {
			return keys, err
		}
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(string(n.key), p) }) {
			keys = append(keys, n.key)
		}
	}
	return keys, nil
}
