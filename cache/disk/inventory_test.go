package disk

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
)

func TestInventory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	i := NewInventory(dir)
	i.Kept(eviction.Derivatives, 100)
	i.Kept(eviction.Derivatives, 50)
	i.Removed(eviction.Derivatives, eviction.Count{Files: 1, Bytes: 50})
	i.Removed(eviction.Originals, eviction.Count{Files: 1, Bytes: 7}) // of before we began
	i.Kept(eviction.Mezzanines, 30)
	if s := i.Stock(); !s.Counted.Time.IsZero() || s.ByTier() != [eviction.Tiers]eviction.Count{{}, {Files: 1, Bytes: 30}, {Files: 1, Bytes: 100}} {
		t.Errorf("before any purge: %+v", s)
	}
	census := Census{Time: time.Unix(1_800_000_000, 0).UTC()}
	census.Derivatives.Count = eviction.Count{Files: 10, Bytes: 1000, Disk: 40960}
	census.Mezzanines.Count = eviction.Count{Files: 2, Bytes: 60, Disk: 8192}
	if err := writeCensus(dir, census); err != nil {
		t.Fatal(err)
	}
	if s := i.Stock(); s.Derivatives != census.Derivatives.Count || s.Mezzanines != census.Mezzanines.Count || !s.Counted.Time.Equal(census.Time) {
		t.Errorf("a purge corrects: %+v", s)
	}
	restarted := NewInventory(dir)
	restarted.Kept(eviction.Derivatives, 1)
	if s := restarted.Stock(); s.Derivatives != (eviction.Count{Files: 11, Bytes: 1001, Disk: 40960}) {
		t.Errorf("after a restart and one more: %+v", s)
	}
	i.Kept(eviction.Derivatives, 1)
	i.Kept(eviction.Originals, 2)
	i.Removed(eviction.Mezzanines, eviction.Count{Files: 1, Bytes: 30})
	want := [eviction.Tiers]eviction.Count{{Files: 1, Bytes: 2}, {Files: 1, Bytes: 30, Disk: 8192}, {Files: 11, Bytes: 1001, Disk: 40960}}
	if s := i.Stock(); s.ByTier() != want {
		t.Errorf("since the purge: %+v", s)
	}
}

// After the cache directory was emptied, the inventory is empty.
func TestInventoryOfWhatWasEmptied(t *testing.T) {
	t.Parallel()
	dir := plant(t, planted{eviction.Originals, "a", 0, 0, 1000})
	mustPurge(t, dir, eviction.Policy{}, PurgeOptions{})
	i := NewInventory(dir)
	i.Kept(eviction.Originals, 500)
	if all := i.Stock().ByTier(); all[eviction.Originals].Bytes != 1500 {
		t.Errorf("before: %+v", all)
	}
	if err := os.Remove(filepath.Join(dir, censusFile)); err != nil {
		t.Fatal(err)
	}
	if s := i.Stock(); s.ByTier()[eviction.Originals] != (eviction.Count{}) || !s.Counted.Time.IsZero() {
		t.Errorf("after: %+v", s)
	}
	i.Kept(eviction.Originals, 300)
	if all := i.Stock().ByTier(); all[eviction.Originals].Bytes != 300 {
		t.Errorf("since: %+v", all)
	}
}
