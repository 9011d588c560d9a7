// Package eviction decides which files of a disk cache a purge removes, as a pure
// function: a Policy and Histograms of the files' ages go in, a Plan comes out.
package eviction

import (
	"math"
	"slices"
	"time"
)

// Histograms counts the files of a cache directory, by tier and age of last use.
// Files that are Expired are not included.
type Histograms [Tiers]Histogram

// Plan says which files must be removed to keep the budgets.
type Plan struct {
	Cutoffs [Tiers]Cutoff
	// TooSmall is set if files used within Recent must be removed: the budgets are
	// too small for the load.
	TooSmall bool
}

// Empty reports whether all files are kept.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Cutoffs[:], func(c Cutoff) bool { return !c.empty() })
}

// Cutoff is the age from which the files of one tier are removed. Files in the same
// bucket of the Histogram rank alike, and only a part of the last bucket may have to be
// removed. The zero Cutoff keeps all files.
type Cutoff struct {
	quota   Count // how much is to be removed of the bucket partial
	partial int
	oldest  int // how many of the oldest buckets are removed as a whole
}

func (c Cutoff) empty() bool { return c.oldest == 0 && !c.quota.positive() }

// recent reports whether files used within Recent are removed.
func (c Cutoff) recent() bool {
	return c.oldest == numBuckets || c.partial == 0 && c.quota.positive()
}

// Take decides whether to remove a file, by its age as counted in the Histograms. Of files that
// rank alike it takes those that come first, until each field of the quota is reached.
func (c *Cutoff) Take(age time.Duration, size Count) bool {
	b := bucketOf(age)
	if b == c.partial && c.quota.positive() {
		c.quota = c.quota.Minus(size)
		return true
	}
	return b >= numBuckets-c.oldest
}

// PutBack has another file be taken instead of one that was, and could not be removed.
func (c *Cutoff) PutBack(age time.Duration, size Count) {
	if bucketOf(age) == c.partial {
		c.quota = c.quota.Plus(size)
	}
}

// Plan decides which files must be removed, least recently used first: first what exceeds
// a tier's own budget, then what exceeds the budget of all tiers, then what it takes to
// free MinFree. Space is what is free before any of the counted files is removed. Among
// files of several tiers that rank alike, the order of the tiers decides.
//
// Requests served from a mezzanine do not update the last use of its original. An
// original thus looks older than its mezzanine unless it is needed itself, and needs no
// rule of its own to be removed first.
func (p Policy) Plan(files *Histograms, space Space) Plan {
	w := newPlanner(files)
	for t := range Tier(Tiers) {
		w.reduce(p.Of(t), t)
	}
	w.reduce(p.All, AllTiers()...)
	var removed Count
	for _, r := range w.removed {
		removed = removed.Plus(r)
	}
	w.remove(space.Without(removed).missing(p.MinFree), AllTiers()...)
	return w.plan()
}

// planner walks through each tier's buckets, from the oldest to the newest.
type planner struct {
	files   *Histograms
	total   [Tiers]Count
	removed [Tiers]Count // estimated where a bucket is removed in part
	next    [Tiers]int   // the bucket to remove next
	oldest  [Tiers]int   // how many of the oldest buckets are removed as a whole
	part    [Tiers]Count // of the bucket next, what is removed already: an estimate
	quota   [Tiers]Count // of the bucket next, what the budgets say must be removed
}

func newPlanner(files *Histograms) *planner {
	w := &planner{files: files}
	for t := range Tiers {
		w.total[t] = files[t].Total()
		w.next[t] = numBuckets - 1
	}
	return w
}

// reduce removes from tiers until together they have 90% of each limit that they exceed.
func (w *planner) reduce(l Limits, tiers ...Tier) {
	var left Count
	for _, t := range tiers {
		left = left.Plus(w.total[t]).Minus(w.removed[t])
	}
	w.remove(Count{Files: excess(left.Files, l.MaxFiles), Bytes: excess(left.Bytes, l.MaxBytes)}, tiers...)
}

func excess(have, limit int64) int64 {
	if limit <= 0 || have <= limit {
		return 0
	}
	return have - (limit/10*9 + limit%10*9/10)
}

// remove removes the oldest buckets of the tiers until every field of over is reached.
func (w *planner) remove(over Count, tiers ...Tier) {
	for over.positive() {
		t, found := w.oldestOf(tiers)
		if !found {
			return
		}
		there := w.files[t].buckets[w.next[t]].Minus(w.part[t])
		if !there.covers(over) {
			w.takeAll(t, there)
			over = over.Minus(there)
			continue
		}
		w.takeSome(t, there, over)
		return
	}
}

// oldestOf returns the tier whose next bucket was used least recently, the first such
// tier if several rank alike.
func (w *planner) oldestOf(tiers []Tier) (oldest Tier, found bool) {
	for _, t := range tiers {
		for w.next[t] >= 0 && !w.files[t].buckets[w.next[t]].Minus(w.part[t]).positive() {
			w.next[t]--
		}
		if w.next[t] >= 0 && (!found || w.next[t] > w.next[oldest]) {
			oldest, found = t, true
		}
	}
	return oldest, found
}

func (w *planner) takeAll(t Tier, there Count) {
	w.removed[t] = w.removed[t].Plus(there)
	w.oldest[t] = numBuckets - w.next[t]
	w.next[t]--
	w.part[t], w.quota[t] = Count{}, Count{}
}

// takeSome removes as much of a bucket as over says. Which of its files that will be is
// not known here, so the other fields are estimated in proportion.
func (w *planner) takeSome(t Tier, there, over Count) {
	part := max(ratio(over.Files, there.Files), ratio(over.Bytes, there.Bytes), ratio(over.Disk, there.Disk))
	files := int64(math.Ceil(float64(there.Files) * part))
	if files >= there.Files {
		w.takeAll(t, there)
		return
	}
	w.quota[t] = Count{
		raise(w.quota[t].Files, w.part[t].Files, over.Files),
		raise(w.quota[t].Bytes, w.part[t].Bytes, over.Bytes),
		raise(w.quota[t].Disk, w.part[t].Disk, over.Disk),
	}
	part = ratio(files, there.Files)
	removed := Count{files, share(there.Bytes, part), share(there.Disk, part)}
	w.part[t] = w.part[t].Plus(removed)
	w.removed[t] = w.removed[t].Plus(removed)
}

// raise returns the quota after over more has to be removed.
func raise(quota, removed, over int64) int64 {
	if over <= 0 {
		return quota
	}
	return max(quota, removed+over)
}

func ratio(over, there int64) float64 {
	if over <= 0 {
		return 0
	}
	return float64(over) / float64(there)
}

func (w *planner) plan() (p Plan) {
	for t := range Tiers {
		p.Cutoffs[t] = Cutoff{quota: w.quota[t], partial: w.next[t], oldest: w.oldest[t]}
		p.TooSmall = p.TooSmall || p.Cutoffs[t].recent()
	}
	return p
}
