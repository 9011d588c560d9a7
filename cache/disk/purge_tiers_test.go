package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// A directory without mezzanines/ gets none by a purge: the server that created it may still
// be running, and the purge may run as root.
func TestPurgeOfAnOlderDirectory(t *testing.T) {
	t.Parallel()
	for _, policy := range []eviction.Policy{
		{All: eviction.Limits{OlderThan: 30 * day}},
		{All: eviction.Limits{OlderThan: 30 * day, MaxFiles: 9}, Mezzanines: eviction.Limits{MaxFiles: 1, OlderThan: day}}, // counts, too
	} {
		old := []planted{{eviction.Originals, "a", 0, 40 * day, 10}, {eviction.Derivatives, "b", 1, 40 * day, 10}}
		young := []planted{{eviction.Originals, "c", 0, 2 * day, 10}, {eviction.Derivatives, "c", 1, 2 * day, 10}}
		dir := plant(t, append(old, young...)...)
		if err := os.Remove(filepath.Join(dir, Mezzanines)); err != nil {
			t.Fatal(err)
		}
		mustNote(t, openJournal(t, dir, nil), "c")
		s := mustPurge(t, dir, policy, PurgeOptions{})
		if s.Failed != 0 || s.Mezzanines != (TierSummary{}) || s.Originals.Removed.Files != 1 || s.Derivatives.Kept.Files != 1 {
			t.Errorf("%+v: %+v", policy, s)
		}
		f, err := Forget(t.Context(), dir, nil, []string{"c"}, ForgetOptions{})
		if err != nil || f.Failed != 0 || f.Pictures != 1 || f.Mezzanines.Files != 0 {
			t.Errorf("forgot %+v, %v", f, err)
		}
		if exists(filepath.Join(dir, Mezzanines)) {
			t.Error("a purge made the directory of a tier")
		}
	}
}

// A tier that a census of an older version does not have is empty.
func TestCensusOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const census = `{"time": "2026-11-01T00:00:00Z", "originals": {"files": 1, "bytes": 2, "disk": 3}, "derivatives": {"files": 4, "bytes": 5, "disk": 6}}`
	if err := os.WriteFile(filepath.Join(dir, censusFile), []byte(census), 0o644); err != nil {
		t.Fatal(err)
	}
	i := NewInventory(dir)
	i.Kept(eviction.Mezzanines, 7)
	want := [eviction.Tiers]eviction.Count{{Files: 1, Bytes: 2, Disk: 3}, {Files: 1, Bytes: 7}, {Files: 4, Bytes: 5, Disk: 6}}
	if got := i.Stock().ByTier(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// With --originals-older-than 2d, originals are removed while their mezzanines are in use.
func TestOriginalsGoBeforeMezzanines(t *testing.T) {
	t.Parallel()
	files := []planted{
		{eviction.Originals, "a", 0, 3 * day, 4000},
		{eviction.Mezzanines, "a", 1, 3 * day, 600},
		{eviction.Derivatives, "a", 1, 3 * day, 30},
		{eviction.Originals, "b", 0, day, 4000},
		{eviction.Mezzanines, "b", 1, 50 * day, 600},
	}
	dir := plant(t, files...)
	mustPurge(t, dir, eviction.Policy{
		All: eviction.Limits{OlderThan: 60 * day}, Originals: eviction.Limits{OlderThan: 2 * day}, Mezzanines: eviction.Limits{OlderThan: 30 * day},
	}, PurgeOptions{})
	wantTree(t, dir, paths(files[1:4])...)
}

// Files that were last used at the same time are removed in the order of their tiers.
func TestOneBudgetForAllTiers(t *testing.T) {
	t.Parallel()
	var files []planted
	for i := range 10 {
		key := variant.Key(fmt.Sprint("k", i))
		files = append(files,
			planted{eviction.Originals, key, 0, day, 4096},
			planted{eviction.Mezzanines, key, 1, day, 4096},
			planted{eviction.Derivatives, key, 1, day, 4096})
	}
	for maxFiles, want := range map[int64][eviction.Tiers]int64{30: {10, 10, 10}, 28: {5, 10, 10}, 20: {0, 8, 10}, 10: {0, 0, 9}} {
		dir := plant(t, files...)
		s := mustPurge(t, dir, eviction.Policy{All: eviction.Limits{MaxFiles: maxFiles}}, PurgeOptions{})
		var left [eviction.Tiers]int64
		for tier := range eviction.Tier(eviction.Tiers) {
			left[tier] = int64(len(tree(t, filepath.Join(dir, tier.String()))))
			if kept := s.Of(tier).Kept.Files; kept != left[tier] {
				t.Errorf("%v: the summary says that %d were kept, there are %d", tier, kept, left[tier])
			}
		}
		if left != want {
			t.Errorf("at most %d files: left %v, want %v", maxFiles, left, want)
		}
	}
}

// Progress counts the directories of all tiers that there are.
func TestPurgeProgress(t *testing.T) {
	t.Parallel()
	old, young := someFiles()
	all := append(old, young...)
	dir := plant(t, all...)
	dirs := map[string]bool{}
	for _, f := range all {
		dirs[filepath.Dir(f.path())] = true
	}
	calls, wrong := 0, 0
	_, err := Purge(t.Context(), dir, eviction.Policy{All: eviction.Limits{OlderThan: day}}, PurgeOptions{
		Workers: 1, Progress: func(done, all int) {
			calls++
			if done != calls || all != len(dirs) {
				wrong++
			}
		},
	})
	if err != nil || calls != len(dirs) || wrong > 0 {
		t.Errorf("told of %d directories, %d times wrong (%v)", calls, wrong, err)
	}
}

func wantAges(t *testing.T, c TierCensus, want ...string) {
	t.Helper()
	var ages []string
	for _, a := range c.Ages {
		ages = append(ages, fmt.Sprint(a.Below, " ", a.Files, " ", a.Bytes))
	}
	if !slices.Equal(ages, want) {
		t.Errorf("ages = %q, want %q", ages, want)
	}
}
