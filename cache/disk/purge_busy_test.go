package disk

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// TestPurgeBesideWriters writes, reads and uses files while purges run one after the other.
// They remove no file in use, no temp file that is being written, and no directory.
func TestPurgeBesideWriters(t *testing.T) {
	t.Parallel()
	dir := plant(t)
	s := newStore(dir, Derivatives, Options{NoSync: true})
	body := bytes.Repeat([]byte("body"), 2000)
	long := time.Now().Add(-90 * day)
	old := newStore(dir, Derivatives, Options{NoSync: true, Now: func() time.Time { return long }})
	names := make([]variant.Name, 200)
	for i := range names {
		names[i] = variant.Name(fmt.Sprintf("%016x0000000000000000", uint64(i)*0x9e3779b97f4a7c15))
	}
	stop := make(chan struct{})
	var purger sync.WaitGroup
	purger.Go(func() {
		for {
			_, err := Purge(t.Context(), dir, eviction.Policy{All: eviction.Limits{OlderThan: 30 * day}}, PurgeOptions{})
			if err != nil {
				t.Error(err)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := w; i < len(names); i += 4 {
				keepWhole(t, old, names[i]+"-"+someVariant, body) // may go at once
				keepWhole(t, s, names[i], body)
				wantThere(t, s, names[i], body)
			}
		})
	}
	writers.Wait()
	for _, name := range names {
		wantThere(t, s, name, body)
	}
	close(stop)
	purger.Wait()
	mustPurge(t, dir, eviction.Policy{All: eviction.Limits{OlderThan: 30 * day}}, PurgeOptions{})
	for _, name := range names {
		if b, err := s.Open(name + "-" + someVariant); err == nil {
			_ = b.Close()
			t.Errorf("%s is old and still there", name)
		}
	}
	wantNoTemporaries(t, dir)
}

const someVariant = "0123456789abcdef01234567"

func keepWhole(t *testing.T, s *Store, name variant.Name, body []byte) {
	b, err := s.Fill(t.Context(), name, bytes.NewReader(body), someTime)
	if err != nil || b.NotKept != nil {
		t.Errorf("Fill: %v, %+v", err, b)
		return
	}
	_ = b.Close()
}

func wantThere(t *testing.T, s *Store, name variant.Name, body []byte) {
	b, err := s.Open(name)
	if err != nil {
		t.Errorf("%s has gone: %v", name, err)
		return
	}
	defer b.Close()
	got := make([]byte, len(body))
	if _, err := b.Content().Read(got); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%s is not whole (%v)", name, err)
	}
}
