package disk

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// ForgetOptions are optional.
type ForgetOptions struct {
	DryRun   bool                // remove nothing, and count what would have been removed
	Progress func(done, all int) // told after each shard how many of how many are done

	unlink func(dir int, name string) error // tests make it fail
}

// ForgetSummary is what Forget has done, or would do if it was a DryRun.
type ForgetSummary struct {
	Pictures int64 `json:"pictures"` // of which there was a file
	eviction.PerTier[eviction.Count]
	Failed  int64  `json:"failed"` // files that could not be removed, directories not read
	Failure string `json:"failure,omitempty"`
}

// Forget removes pictures from a cache directory with all that was made of them:
// those of keys, and those whose keys begin with one of prefixes and are in the
// Journal. It waits for nobody, and reads the directories that a picture may
// lie in.
//
// What is being fetched or made meanwhile may appear afterwards, and the keys
// stay in the journal until a purge.
//
// It returns ErrNoCache if dir is no cache directory, and ctx's error, with what
// was done until then, if ctx ended it. A file that cannot be removed is no
// error: see ForgetSummary.Failed.
func Forget(ctx context.Context, dir string, keys []variant.Key, prefixes []string, opts ForgetOptions) (ForgetSummary, error) {
	p, err := newPurger(dir, eviction.Policy{}, PurgeOptions{DryRun: opts.DryRun, unlink: opts.unlink})
	if err != nil {
		return ForgetSummary{}, err
	}
	f := newForgetting(ctx, p, prefixes)
	if f.quarantined, err = quarantined(dir, opts.DryRun); err != nil {
		f.tally.fail(err)
	}
	for _, k := range keys {
		shard := string(k.Name()[:shardDigits])
		f.keys[shard] = append(f.keys[shard], k)
	}
	for i := range shards {
		if ctx.Err() != nil {
			break
		}
		f.shard(fmt.Sprintf("%0*x", shardDigits, i))
		if opts.Progress != nil {
			opts.Progress(i+1, shards)
		}
	}
	return f.forgotten(), context.Cause(ctx)
}

// quarantined returns the names of what is in quarantine. What a process that has died
// was working on, and no other has looked at since, comes into quarantine before, to be
// forgotten there; not by a dry run.
func quarantined(dir string, dryRun bool) ([]string, error) {
	q := &Quarantine{dir: filepath.Join(dir, Quarantined), now: time.Now}
	var err error
	if !dryRun {
		_, err = q.takeOverAll()
	}
	names, readErr := readNames(q.dir)
	return names, errors.Join(err, readErr)
}

// forgetting is one call of Forget. Its worker, which takes 400 KiB, goes through all
// directories.
type forgetting struct {
	*worker
	keys          map[string][]variant.Key // by shard
	prefixes      []string
	wanted, found map[sourceID]struct{} // pictures of the shard
	pictures      int64
	quarantined   []string // names of what is in quarantine
}

func newForgetting(ctx context.Context, p *purger, prefixes []string) *forgetting {
	f := &forgetting{
		worker: &worker{purger: p, ctx: ctx, tally: &tally{}, choose: func(eviction.Tier, *file) bool { return true }},
		keys:   map[string][]variant.Key{}, prefixes: prefixes,
		wanted: map[sourceID]struct{}{}, found: map[sourceID]struct{}{},
	}
	f.skip = f.unwanted
	return f
}

// unwanted reports that a file is of no wanted picture, and adds its picture to
// found if it is.
func (f *forgetting) unwanted(name string) bool {
	id, ok := sourceOf(name)
	if _, wanted := f.wanted[id]; !ok || !wanted {
		return true
	}
	f.found[id] = struct{}{}
	return false
}

func (f *forgetting) forgotten() ForgetSummary {
	s := ForgetSummary{Pictures: f.pictures, Failed: f.tally.failed}
	for t := range eviction.Tier(eviction.Tiers) {
		*s.Of(t) = f.tally.gone[t]
	}
	if f.tally.failure != nil {
		s.Failure = f.tally.failure.Error()
	}
	return s
}

// shard forgets the pictures of one shard.
func (f *forgetting) shard(shard string) {
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
	if err := f.noted(shard, want); err != nil {
		f.tally.fail(err)
	}
	for dir := range dirs {
		for t := range eviction.Tier(eviction.Tiers) {
			f.directory(t, dir, nil)
		}
	}
	f.pictures += int64(len(f.found))
	f.release()
}

// release removes wanted pictures from quarantine.
func (f *forgetting) release() {
	for _, name := range f.quarantined {
		id, _ := sourceOf(name)
		if _, wanted := f.wanted[id]; !wanted || !isEntry(name) || f.DryRun {
			continue
		}
		if err := unlink(filepath.Join(f.dir, Quarantined, name)); err != nil {
			f.tally.fail(err)
		}
	}
}

// noted gives all keys of a shard's journal that have one of the prefixes.
func (f *forgetting) noted(shard string, want func(variant.Key)) error {
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
