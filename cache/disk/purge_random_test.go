package disk

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// TestRandomSets purges random files by random policies, and compares the result with that of
// a simple purge, which sorts all files and removes one at a time.
func TestRandomSets(t *testing.T) {
	t.Parallel()
	sets := uint64(60)
	if testing.Short() {
		sets = 10
	}
	for seed := range sets {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			files, policy, space := randomFiles(r), randomPolicy(r), randomSpace(r)
			dir := plant(t, files...)
			s := mustPurge(t, dir, policy, PurgeOptions{
				Workers: 1 + r.IntN(4), space: func(string) (eviction.Space, error) { return space, nil },
			})
			want := naive(files, policy, space)
			if s.TooSmall != want.small {
				t.Errorf("TooSmall = %v", s.TooSmall)
			}
			if got, left := kept(&s), want.left(); got != left {
				t.Errorf("kept %d files, want %d", got, left)
			}
			comparePurges(t, fmt.Sprintf("%+v, %+v", policy, space), tree(t, dir), want)
		})
	}
}

func kept(s *Summary) (files int64) {
	for _, tier := range eviction.AllTiers() {
		files += s.Of(tier).Kept.Files
	}
	return files
}

// fileBytes is the size of recent files. Other sizes are multiples of it, so that a file takes
// as many bytes on the disk as its body has.
const fileBytes = 4096

// randomFiles returns files of different ages. Recent files, which rank alike, have the same
// size, so that it is certain how many are removed.
func randomFiles(r *rand.Rand) (files []planted) {
	age := float64(eviction.Recent)
	for i := range 20 + r.IntN(60) {
		age *= 1.02 + r.Float64()/10
		f := planted{
			tier: eviction.Tier(r.IntN(eviction.Tiers)), key: variant.Key(fmt.Sprint("k", i)), n: 1 + r.IntN(3),
			age: time.Duration(age), size: fileBytes * (1 + r.IntN(5)),
		}
		if age > float64(500*day) || r.IntN(5) == 0 {
			f.age, f.size = time.Duration(r.Int64N(int64(eviction.Recent))), fileBytes
		}
		files = append(files, f)
	}
	return files
}

func randomPolicy(r *rand.Rand) (p eviction.Policy) {
	for _, l := range []*eviction.Limits{&p.All, &p.Originals, &p.Mezzanines, &p.Derivatives} {
		if r.IntN(3) == 0 {
			l.OlderThan = time.Duration(r.Int64N(int64(10 * day)))
		}
		if r.IntN(3) == 0 {
			l.MaxFiles = 1 + r.Int64N(60)
		}
		if r.IntN(3) == 0 {
			l.MaxBytes = 1 + r.Int64N(200*fileBytes)
		}
	}
	if r.IntN(3) == 0 {
		p.MinFree = r.Float64() / 2
	}
	return p
}

func randomSpace(r *rand.Rand) eviction.Space {
	s := eviction.Space{TotalBytes: 400 * fileBytes, FreeBytes: r.Int64N(300 * fileBytes)}
	if r.IntN(2) == 0 {
		s.TotalFiles, s.FreeFiles = 200, r.Int64N(150)
	}
	return s
}

// naiveResult is what a purge must keep: these files, and so many recent ones.
type naiveResult struct {
	kept   map[string]bool // of those that are not recent
	recent [eviction.Tiers]int
	small  bool
}

func (r naiveResult) left() int64 {
	left := len(r.kept)
	for _, n := range r.recent {
		left += n
	}
	return int64(left)
}

// naive is a purge that is simple enough to be checked by reading it.
func naive(files []planted, p eviction.Policy, space eviction.Space) naiveResult {
	files = slices.Clone(files)
	files = slices.DeleteFunc(files, func(f planted) bool {
		for _, l := range []eviction.Limits{p.All, p.Of(f.tier)} {
			if l.OlderThan > 0 && f.age > l.OlderThan {
				space.FreeBytes += int64(f.size)
				space.FreeFiles++
				return true
			}
		}
		return false
	})
	slices.SortStableFunc(files, func(a, b planted) int {
		if a.age < eviction.Recent && b.age < eviction.Recent {
			return cmp.Compare(a.tier, b.tier)
		}
		return cmp.Compare(b.age, a.age)
	})
	w := &naivePurge{files: files, space: space}
	for _, t := range eviction.AllTiers() {
		w.reduce(p.Of(t), t)
	}
	w.reduce(p.All, eviction.AllTiers()...)
	w.free(p.MinFree)
	result := naiveResult{kept: map[string]bool{}, small: w.small}
	for _, f := range w.files {
		if f.age < eviction.Recent {
			result.recent[f.tier]++
		} else {
			result.kept[f.path()] = true
		}
	}
	return result
}

type naivePurge struct {
	files []planted
	space eviction.Space
	small bool
}

func (w *naivePurge) sum(tiers []eviction.Tier) (c eviction.Count) {
	for _, f := range w.files {
		if slices.Contains(tiers, f.tier) {
			c = c.Plus(f.count())
		}
	}
	return c
}

// removeOne removes the least recently used file of these tiers.
func (w *naivePurge) removeOne(tiers []eviction.Tier) bool {
	i := slices.IndexFunc(w.files, func(f planted) bool { return slices.Contains(tiers, f.tier) })
	if i < 0 {
		return false
	}
	w.small = w.small || w.files[i].age < eviction.Recent
	w.space.FreeBytes += int64(w.files[i].size)
	w.space.FreeFiles++
	w.files = slices.Delete(w.files, i, i+1)
	return true
}

func (w *naivePurge) reduce(l eviction.Limits, tiers ...eviction.Tier) {
	had := w.sum(tiers)
	for {
		have := w.sum(tiers)
		files := l.MaxFiles > 0 && had.Files > l.MaxFiles && have.Files > l.MaxFiles*9/10
		bytes := l.MaxBytes > 0 && had.Bytes > l.MaxBytes && have.Bytes > l.MaxBytes*9/10
		if !files && !bytes || !w.removeOne(tiers) {
			return
		}
	}
}

func (w *naivePurge) free(minFree float64) {
	target := min(minFree*1.1, 1)
	short := func(free, total int64, share float64) bool { return float64(free) < float64(total)*share }
	bytes := short(w.space.FreeBytes, w.space.TotalBytes, minFree)
	inodes := short(w.space.FreeFiles, w.space.TotalFiles, minFree)
	for bytes && w.space.FreeBytes < int64(math.Floor(float64(w.space.TotalBytes)*target)) ||
		inodes && w.space.FreeFiles < int64(math.Floor(float64(w.space.TotalFiles)*target)) {
		if !w.removeOne(eviction.AllTiers()) {
			return
		}
	}
}

func comparePurges(t *testing.T, what string, got []string, want naiveResult) {
	t.Helper()
	var recent [eviction.Tiers]int
	for _, path := range got {
		if path == censusFile || path == purgeLock || want.kept[path] {
			delete(want.kept, path)
			continue
		}
		top, _, _ := strings.Cut(path, "/")
		tier := slices.IndexFunc(eviction.AllTiers(), func(t eviction.Tier) bool { return t.String() == top })
		if tier < 0 {
			t.Fatalf("%s: %s is in no tier", what, path)
		}
		recent[tier]++ // or one that should have gone; the sum says it
	}
	if len(want.kept) > 0 {
		t.Errorf("%s: %d files went that should have stayed", what, len(want.kept))
	}
	if recent != want.recent {
		t.Errorf("%s: %v others stayed, want %v", what, recent, want.recent)
	}
}

// TestSpaceOf checks that the numbers are possible.
func TestSpaceOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := SpaceOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.TotalBytes < 1<<20 || s.FreeBytes < 0 || s.FreeBytes > s.TotalBytes || s.FreeFiles > s.TotalFiles {
		t.Errorf("space = %+v", s)
	}
	if _, err := SpaceOf(filepath.Join(dir, "none")); err == nil {
		t.Error("the space of nothing")
	}
}

// Disk counts the blocks that stat reports.
func TestCountOnDisk(t *testing.T) {
	t.Parallel()
	f := planted{eviction.Derivatives, "a", 1, day, 5000}
	dir := plant(t, f)
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(dir, f.path()), &st); err != nil {
		t.Fatal(err)
	}
	s := mustPurge(t, dir, eviction.Policy{MinFree: 1e-9}, PurgeOptions{})
	if got, want := s.Derivatives.Kept, (eviction.Count{Files: 1, Bytes: 5000, Disk: st.Blocks * 512}); got != want {
		t.Errorf("kept %+v, want %+v", got, want)
	}
	if err := os.Remove(filepath.Join(dir, f.path())); err != nil {
		t.Error(err)
	}
}
