package disk

import (
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
)

func TestInventory(t *testing.T) {
	dir := t.TempDir()
	i := NewInventory(dir)
	i.Kept(cache.Derivatives, 100)
	i.Kept(cache.Derivatives, 50)
	i.Removed(cache.Derivatives, cache.Count{Files: 1, Bytes: 50})
	i.Removed(cache.Originals, cache.Count{Files: 1, Bytes: 7}) // of before we began
	if s := i.Stock(); !s.Counted.Time.IsZero() || s.Derivatives != (cache.Count{Files: 1, Bytes: 100}) || s.Originals != (cache.Count{}) {
		t.Errorf("before any purge: %+v", s)
	}
	census := Census{Time: time.Unix(1_800_000_000, 0).UTC()}
	census.Derivatives.Count = cache.Count{Files: 10, Bytes: 1000, Disk: 40960}
	if err := writeCensus(dir, census); err != nil {
		t.Fatal(err)
	}
	if s := i.Stock(); s.Derivatives != census.Derivatives.Count || !s.Counted.Time.Equal(census.Time) {
		t.Errorf("a purge corrects: %+v", s)
	}
	restarted := NewInventory(dir)
	restarted.Kept(cache.Derivatives, 1)
	if s := restarted.Stock(); s.Derivatives != (cache.Count{Files: 11, Bytes: 1001, Disk: 40960}) {
		t.Errorf("after a restart and one more: %+v", s)
	}
	i.Kept(cache.Derivatives, 1)
	i.Kept(cache.Originals, 2)
	if s := i.Stock(); s.Derivatives != (cache.Count{Files: 11, Bytes: 1001, Disk: 40960}) || s.Originals != (cache.Count{Files: 1, Bytes: 2}) {
		t.Errorf("since the purge: %+v", s)
	}
}
