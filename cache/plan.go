package cache

import (
	"math"
	"slices"
	"time"
)

// Census is what is in a cache directory, but for what is Expired.
type Census [Tiers]Histogram

// Total is the sum over all tiers.
func (c *Census) Total() (sum Count) {
	for t := range c {
		sum = sum.Plus(c[t].Total())
	}
	return sum
}

// Plan says what must go for the budgets to be kept.
type Plan struct {
	Cuts [Tiers]Cut
	// TooSmall is set if files of Recent use must go: the budgets are too small
	// for what is asked of the cache.
	TooSmall bool
}

// Empty reports that everything may stay.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Cuts[:], func(c Cut) bool { return !c.empty() })
}

// Cut is the age from which the files of one tier go. Those of one bucket of
// the Histogram rank alike, and the last bucket need not go as a whole. The zero
// Cut lets all files stay.
type Cut struct {
	// Some is how much of the files with the fate Some must go: until there is
	// as much of each kind.
	Some Count
	some int // the bucket that Some is of, if it is anything
	goes int // how many of the oldest buckets go
}

func (c Cut) empty() bool { return c.goes == 0 && !c.Some.positive() }

// recent reports that files of Recent use go.
func (c Cut) recent() bool { return c.goes == numBuckets || c.some == 0 && c.Some.positive() }

// Fate is what a Cut means for a file.
type Fate int

// The fates.
const (
	Stays Fate = iota
	Some       // goes if Cut.Some is not yet reached
	Goes
)

// Of returns the fate of a file by the age that the Census saw.
func (c Cut) Of(age time.Duration) Fate {
	switch b := bucketOf(age); {
	case b >= numBuckets-c.goes:
		return Goes
	case b == c.some && c.Some.positive():
		return Some
	}
	return Stays
}

// Plan decides which of the files in the census must go, least recently used
// first: first what exceeds a tier's own budget, then what exceeds that of all,
// then what must go for MinFree. Space is what is free before anything of the
// census has gone. Where files of several tiers rank alike, those of the tier that
// comes first go first.
//
// What a mezzanine serves notes no use of its original, so that an original is
// older than its mezzanine unless it is needed itself, and needs no rule of its
// own to go before it.
func (p Policy) Plan(census *Census, space Space) Plan {
	w := newPlanner(census)
	for t := range Tier(Tiers) {
		w.reduce(p.Of(t), t)
	}
	w.reduce(p.All, AllTiers()...)
	var gone Count
	for _, g := range w.gone {
		gone = gone.Plus(g)
	}
	w.remove(space.Without(gone).missing(p.MinFree), AllTiers()...)
	return w.plan()
}

// planner walks through each tier's buckets from the oldest on.
type planner struct {
	census *Census
	total  [Tiers]Count
	gone   [Tiers]Count // estimated where a bucket goes in part
	at     [Tiers]int   // the bucket that goes next
	goes   [Tiers]int   // how many of the oldest buckets go
	part   [Tiers]Count // of that bucket, what goes already: an estimate
	need   [Tiers]Count // of that bucket, what the budgets say must go
}

func newPlanner(census *Census) *planner {
	w := &planner{census: census}
	for t := range Tiers {
		w.total[t] = census[t].Total()
		w.at[t] = numBuckets - 1
	}
	return w
}

// reduce brings tiers together to 90% of each limit that they exceed.
func (w *planner) reduce(l Limits, tiers ...Tier) {
	var left Count
	for _, t := range tiers {
		left = left.Plus(w.total[t]).Minus(w.gone[t])
	}
	w.remove(Count{Files: excess(left.Files, l.MaxFiles), Bytes: excess(left.Bytes, l.MaxBytes)}, tiers...)
}

func excess(have, limit int64) int64 {
	if limit <= 0 || have <= limit {
		return 0
	}
	return have - (limit/10*9 + limit%10*9/10)
}

// remove takes the oldest buckets of the tiers until as much of each kind as
// over has gone.
func (w *planner) remove(over Count, tiers ...Tier) {
	for over.positive() {
		t, found := w.oldest(tiers)
		if !found {
			return
		}
		there := w.census[t].buckets[w.at[t]].Minus(w.part[t])
		if !there.covers(over) {
			w.takeAll(t, there)
			over = over.Minus(there)
			continue
		}
		w.takeSome(t, there, over)
		return
	}
}

// oldest returns the tier whose next bucket was used least recently, the first one
// of those where they are alike.
func (w *planner) oldest(tiers []Tier) (oldest Tier, found bool) {
	for _, t := range tiers {
		for w.at[t] >= 0 && !w.census[t].buckets[w.at[t]].Minus(w.part[t]).positive() {
			w.at[t]--
		}
		if w.at[t] >= 0 && (!found || w.at[t] > w.at[oldest]) {
			oldest, found = t, true
		}
	}
	return oldest, found
}

func (w *planner) takeAll(t Tier, there Count) {
	w.gone[t] = w.gone[t].Plus(there)
	w.goes[t] = numBuckets - w.at[t]
	w.at[t]--
	w.part[t], w.need[t] = Count{}, Count{}
}

// takeSome takes of a bucket what over says. Which of its files go is not known
// here, so what goes of the other kinds is supposed to be as much in proportion.
func (w *planner) takeSome(t Tier, there, over Count) {
	part := max(ratio(over.Files, there.Files), ratio(over.Bytes, there.Bytes), ratio(over.Disk, there.Disk))
	files := int64(math.Ceil(float64(there.Files) * part))
	if files >= there.Files {
		w.takeAll(t, there)
		return
	}
	w.need[t] = Count{
		raise(w.need[t].Files, w.part[t].Files, over.Files),
		raise(w.need[t].Bytes, w.part[t].Bytes, over.Bytes),
		raise(w.need[t].Disk, w.part[t].Disk, over.Disk),
	}
	part = ratio(files, there.Files)
	goes := Count{files, share(there.Bytes, part), share(there.Disk, part)}
	w.part[t] = w.part[t].Plus(goes)
	w.gone[t] = w.gone[t].Plus(goes)
}

// raise adds to what must go of a bucket, where more must.
func raise(need, gone, over int64) int64 {
	if over <= 0 {
		return need
	}
	return max(need, gone+over)
}

func ratio(over, there int64) float64 {
	if over <= 0 {
		return 0
	}
	return float64(over) / float64(there)
}

func (w *planner) plan() (p Plan) {
	for t := range Tiers {
		p.Cuts[t] = Cut{Some: w.need[t], some: w.at[t], goes: w.goes[t]}
		p.TooSmall = p.TooSmall || p.Cuts[t].recent()
	}
	return p
}
