package eviction

import (
	"testing"
	"time"
)

const day = 24 * time.Hour

// agedFiles are n files of the same age and size, in bytes, also on the disk.
type agedFiles struct {
	tier  Tier
	age   time.Duration
	n     int64
	bytes int64
}

func histograms(entries []agedFiles) *Histograms {
	c := &Histograms{}
	for _, e := range entries {
		for range e.n {
			c[e.tier].Add(e.age, Count{1, e.bytes, e.bytes})
		}
	}
	return c
}

func TestPlan(t *testing.T) {
	t.Parallel()
	const o, m, d = Originals, Mezzanines, Derivatives
	roomy := Space{FreeBytes: 1 << 40, TotalBytes: 1 << 41, FreeFiles: 1 << 30, TotalFiles: 1 << 31}
	for _, tt := range []struct {
		name    string
		policy  Policy
		entries []agedFiles
		space   Space
		goes    [Tiers]int64 // files
		small   bool
	}{
		{name: "no limit", entries: []agedFiles{{d, day, 10, 10}}, space: roomy},
		{name: "no files", policy: Policy{All: Limits{MaxFiles: 1, MaxBytes: 1}, MinFree: 1}},
		{
			name: "at the limit", policy: Policy{All: Limits{MaxFiles: 10, MaxBytes: 100}},
			entries: []agedFiles{{d, day, 10, 10}}, space: roomy,
		},
		{
			name: "one above goes down to 90%", policy: Policy{Derivatives: Limits{MaxFiles: 10}},
			entries: []agedFiles{{d, 10 * day, 1, 10}, {d, 5 * day, 1, 10}, {d, day, 9, 10}}, goes: [Tiers]int64{0, 0, 2},
		},
		{
			name: "bytes: the file that crosses the line goes", policy: Policy{Originals: Limits{MaxBytes: 100}},
			entries: []agedFiles{{o, 10 * day, 1, 10}, {o, 5 * day, 1, 30}, {o, day, 7, 10}}, goes: [Tiers]int64{2, 0, 0},
		},
		{
			name: "a bucket in part", policy: Policy{Derivatives: Limits{MaxFiles: 100}},
			entries: []agedFiles{{d, 10 * day, 10, 10}, {d, 5 * day, 100, 10}, {d, day, 10, 10}}, goes: [Tiers]int64{0, 0, 30},
		},
		{
			name: "a tier's budget is its own", policy: Policy{Originals: Limits{MaxFiles: 100}, Derivatives: Limits{MaxFiles: 10}},
			entries: []agedFiles{{o, 90 * day, 50, 10}, {d, day, 20, 10}}, goes: [Tiers]int64{0, 0, 11},
		},
		{
			name: "mezzanines have a budget of their own", policy: Policy{Mezzanines: Limits{MaxBytes: 100}},
			entries: []agedFiles{{o, 90 * day, 50, 10}, {m, 10 * day, 6, 10}, {m, day, 6, 10}, {d, 90 * day, 50, 10}},
			goes:    [Tiers]int64{0, 3, 0},
		},
		{
			name: "all tiers by age", policy: Policy{All: Limits{MaxFiles: 20}},
			entries: []agedFiles{
				{m, 30 * day, 1, 10},
				{o, 20 * day, 2, 10},
				{d, 15 * day, 2, 10},
				{m, 12 * day, 1, 10},
				{o, 10 * day, 2, 10},
				{d, day, 8, 10},
				{o, day, 8, 10},
			},
			goes: [Tiers]int64{2, 2, 2},
		},
		{
			name: "an original that its mezzanine has replaced goes long before", policy: Policy{All: Limits{MaxBytes: 1000}},
			entries: []agedFiles{{o, 3 * day, 2, 250}, {m, day, 2, 50}, {d, 2 * day, 50, 10}}, goes: [Tiers]int64{1, 0, 0},
		},
		{
			name: "originals before derivatives of the same age", policy: Policy{All: Limits{MaxFiles: 20}},
			entries: []agedFiles{{o, day, 11, 10}, {d, day, 11, 10}}, goes: [Tiers]int64{4, 0, 0},
		},
		{
			name: "mezzanines in between", policy: Policy{All: Limits{MaxFiles: 20}},
			entries: []agedFiles{{d, day, 15, 10}, {m, day, 15, 10}, {o, day, 3, 10}}, goes: [Tiers]int64{3, 12, 0},
		},
		{
			name: "and before derivatives also of recent use", policy: Policy{All: Limits{MaxFiles: 10}},
			entries: []agedFiles{{d, time.Hour, 8, 10}, {m, 0, 4, 10}, {o, time.Minute, 1, 10}}, goes: [Tiers]int64{1, 3, 0}, small: true,
		},
		{
			name: "what one budget removed counts for the next", policy: Policy{All: Limits{MaxFiles: 20}, Derivatives: Limits{MaxFiles: 10}},
			entries: []agedFiles{{o, 10 * day, 10, 10}, {d, day, 15, 10}}, goes: [Tiers]int64{0, 0, 6},
		},
		{
			name: "what the mezzanines' budget removed counts, too", policy: Policy{All: Limits{MaxFiles: 20}, Mezzanines: Limits{MaxFiles: 5}},
			entries: []agedFiles{{o, 10 * day, 10, 10}, {m, day, 10, 10}, {d, day, 5, 10}}, goes: [Tiers]int64{0, 6, 0},
		},
		{
			name: "the stricter of two", policy: Policy{Derivatives: Limits{MaxFiles: 100, MaxBytes: 500}},
			entries: []agedFiles{{d, 10 * day, 10, 10}, {d, 5 * day, 200, 10}}, goes: [Tiers]int64{0, 0, 165},
		},
		{
			name: "a budget wins over recent use", policy: Policy{Derivatives: Limits{MaxFiles: 10}},
			entries: []agedFiles{{d, day, 3, 10}, {d, time.Hour, 10, 10}, {d, -time.Hour, 10, 10}}, goes: [Tiers]int64{0, 0, 14}, small: true,
		},
		{
			name: "all that is not recent", policy: Policy{Derivatives: Limits{MaxFiles: 10}},
			entries: []agedFiles{{d, day, 3, 10}, {d, Recent, 1, 10}, {d, Recent - 1, 9, 10}}, goes: [Tiers]int64{0, 0, 4},
		},
		{
			name: "free bytes", policy: Policy{MinFree: 0.1},
			entries: []agedFiles{{d, 10 * day, 5, 10}, {o, 9 * day, 5, 10}, {d, day, 100, 10}}, goes: [Tiers]int64{1, 0, 5},
			space: Space{FreeBytes: 50, TotalBytes: 1000, FreeFiles: 500, TotalFiles: 1000},
		},
		{
			name: "free inodes", policy: Policy{MinFree: 0.1},
			entries: []agedFiles{{d, 10 * day, 5, 10}, {o, 9 * day, 5, 10}, {d, day, 100, 10}}, goes: [Tiers]int64{5, 0, 5},
			space: Space{FreeBytes: 500, TotalBytes: 1000, FreeFiles: 100, TotalFiles: 1001},
		},
		{
			name: "just enough is free", policy: Policy{MinFree: 0.1},
			entries: []agedFiles{{d, 10 * day, 5, 10}}, space: Space{FreeBytes: 100, TotalBytes: 1000},
		},
		{
			name: "free bytes of mezzanines", policy: Policy{MinFree: 0.1},
			entries: []agedFiles{{m, 10 * day, 4, 10}, {o, 9 * day, 1, 10}, {d, 9 * day, 100, 10}}, goes: [Tiers]int64{1, 4, 1},
			space: Space{FreeBytes: 50, TotalBytes: 1000, FreeFiles: 500, TotalFiles: 1000},
		},
		{
			name: "what the mezzanines' budget removed is free", policy: Policy{MinFree: 0.1, Mezzanines: Limits{MaxFiles: 10}},
			entries: []agedFiles{{o, 90 * day, 5, 10}, {m, 10 * day, 20, 10}}, goes: [Tiers]int64{0, 11, 0},
			space: Space{FreeBytes: 50, TotalBytes: 1000, FreeFiles: 500, TotalFiles: 1000},
		},
		{
			name: "what a budget removed is free", policy: Policy{MinFree: 0.1, Derivatives: Limits{MaxFiles: 10}},
			entries: []agedFiles{{o, 90 * day, 5, 10}, {d, 10 * day, 20, 10}}, goes: [Tiers]int64{0, 0, 11},
			space: Space{FreeBytes: 50, TotalBytes: 1000, FreeFiles: 500, TotalFiles: 1000},
		},
		{
			name: "a disk that others have filled", policy: Policy{MinFree: 0.5},
			entries: []agedFiles{{d, day, 5, 10}, {o, 0, 5, 10}}, goes: [Tiers]int64{5, 0, 5}, small: true,
			space: Space{FreeBytes: 50, TotalBytes: 1000},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan := tt.policy.Plan(histograms(tt.entries), tt.space)
			if got := follow(plan, tt.entries); got != tt.goes || plan.TooSmall != tt.small {
				t.Errorf("removes %v, too small %v; want %v, %v", got, plan.TooSmall, tt.goes, tt.small)
			}
			if plan.Empty() != (tt.goes == [Tiers]int64{}) {
				t.Errorf("Empty() = %v", plan.Empty())
			}
		})
	}
}

// follow counts what a plan removes.
func follow(p Plan, entries []agedFiles) (gone [Tiers]int64) {
	for _, e := range entries {
		for range e.n {
			if p.Cutoffs[e.tier].Take(e.age, Count{1, e.bytes, e.bytes}) {
				gone[e.tier]++
			}
		}
	}
	return gone
}

func TestExpired(t *testing.T) {
	t.Parallel()
	p := Policy{
		All: Limits{OlderThan: 30 * day}, Originals: Limits{OlderThan: 10 * day},
		Mezzanines: Limits{OlderThan: 20 * day}, Derivatives: Limits{OlderThan: 60 * day},
	}
	for _, tt := range []struct {
		tier Tier
		age  time.Duration
		want bool
	}{
		{Originals, -day, false},
		{Originals, 10 * day, false},
		{Originals, 10*day + 1, true},
		{Mezzanines, 20 * day, false},
		{Mezzanines, 20*day + 1, true},
		{Derivatives, 30 * day, false},
		{Derivatives, 30*day + 1, true},
	} {
		if got := p.Expired(tt.tier, tt.age); got != tt.want {
			t.Errorf("Expired(%v, %v) = %v", tt.tier, tt.age, got)
		}
	}
	if (Policy{}).Expired(Originals, 1<<63-1) {
		t.Error("without a limit something is too old")
	}
}

func TestZeroPlan(t *testing.T) {
	t.Parallel()
	var p Plan
	for _, age := range []time.Duration{-1 << 63, 0, day, 1<<63 - 1} {
		if p.Cutoffs[Originals].Take(age, Count{Files: 1}) || !p.Empty() {
			t.Errorf("the zero plan removes what is %v old", age)
		}
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	age := Limits{OlderThan: 1}
	for p, want := range map[Policy]bool{
		{}: false, {All: age, Originals: age, Mezzanines: age, Derivatives: age}: false,
		{All: Limits{MaxFiles: 1}}: true, {Originals: Limits{MaxBytes: 1}}: true, {Mezzanines: Limits{MaxBytes: 1}}: true,
		{Mezzanines: Limits{MaxFiles: 1}}: true, {Derivatives: Limits{MaxBytes: 1}}: true, {MinFree: 0.1}: true,
	} {
		if p.Budgets() != want {
			t.Errorf("%+v: Budgets() = %v", p, !want)
		}
		if p.Empty() != (p == Policy{}) {
			t.Errorf("%+v: Empty() = %v", p, p.Empty())
		}
	}
}

func TestSpaceNearlyFull(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	for _, tt := range []struct {
		space Space
		want  bool
	}{
		{Space{}, false}, // nobody knows
		{Space{1 << 20, 16 << 20, 0, 0}, false},
		{Space{50, 1000, 0, 0}, false},
		{Space{49, 1000, 0, 0}, true},
		{Space{3 * gib, 250 * gib, 0, 0}, false},
		{Space{gib, 250 * gib, 0, 0}, false},
		{Space{gib - 1, 250 * gib, 0, 0}, true},
		{Space{gib, 250 * gib, 50, 1000}, false},
		{Space{gib, 250 * gib, 49, 1000}, true},
		{Space{gib, 250 * gib, 1 << 16, 1 << 24}, false},
		{Space{gib, 250 * gib, 1<<16 - 1, 1 << 24}, true},
		{Space{0, 1000, 100, 1000}, true},
	} {
		if got := tt.space.NearlyFull(); got != tt.want {
			t.Errorf("%+v: NearlyFull() = %v", tt.space, got)
		}
	}
}

func TestSpaceShort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		space Space
		want  bool
	}{
		{Space{100, 1000, 0, 0}, false},
		{Space{99, 1000, 0, 0}, true},
		{Space{100, 1000, 100, 1000}, false},
		{Space{100, 1000, 99, 1000}, true},
		{Space{}, false},
	} {
		if got := tt.space.Short(0.1); got != tt.want {
			t.Errorf("%+v: Short(0.1) = %v", tt.space, got)
		}
	}
}
