package cachetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// uniform returns a body that can be recognized as whole: n+1 thousand times the n-th letter.
func uniform(n int) []byte { return bytes.Repeat([]byte{byte('a' + n)}, (n+1)*1000) }

// checkUniform returns an error unless the body is one of uniform's.
func checkUniform(b *cache.Blob) error {
	got, err := io.ReadAll(b.Content())
	if err != nil {
		return err
	}
	if len(got) == 0 || int64(len(got)) != b.Size || !bytes.Equal(got, uniform(int(got[0]-'a'))) {
		return fmt.Errorf("a body of %d bytes (Size %d) that nobody filled", len(got), b.Size)
	}
	return nil
}

const (
	workers = 8
	rounds  = 30
)

// together runs fn for each worker and round, and reports the errors.
func together(t *testing.T, fn func(worker, round int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for r := range rounds {
				if err := fn(w, r); err != nil {
					t.Errorf("worker %d, round %d: %v", w, r, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// checkOpen opens a name and checks its body. A miss is not an error here.
func checkOpen(s cache.Store, name variant.Name) (hit bool, err error) {
	b, err := s.Open(name)
	if errors.Is(err, cache.ErrMiss) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer b.Close()
	return true, checkUniform(b)
}

// checkFill stores a worker's body under a name.
func checkFill(t *testing.T, s cache.Store, name variant.Name, worker int) error {
	want := uniform(worker)
	b, err := s.Fill(t.Context(), name, bytes.NewReader(want), someTime)
	if err != nil {
		return err
	}
	defer b.Close()
	if b.NotKept != nil {
		return b.NotKept
	}
	if b.Size != int64(len(want)) {
		return fmt.Errorf("Fill of %d bytes gave a Blob of %d", len(want), b.Size)
	}
	return checkUniform(b)
}

func atOnce(t *testing.T, s cache.Store) {
	name := nameFor(t)
	fill(t, s, name, uniform(0))
	together(t, func(worker, _ int) error {
		if worker%2 == 0 {
			return checkFill(t, s, name, worker)
		}
		hit, err := checkOpen(s, name)
		if err == nil && !hit {
			err = errors.New("a miss while an entry was replaced")
		}
		return err
	})
}

func removeAtOnce(t *testing.T, s cache.Store) {
	name := nameFor(t)
	together(t, func(worker, _ int) error {
		switch worker % 4 {
		case 0:
			return checkFill(t, s, name, worker)
		case 1:
			return s.Remove(name)
		case 2:
			if _, err := s.Touch(name); err != nil && !errors.Is(err, cache.ErrMiss) {
				return err
			}
			return s.Check()
		default:
			_, err := checkOpen(s, name)
			return err
		}
	})
}

func readAtOnce(t *testing.T, s cache.Store) {
	name, body := nameFor(t), randomBody(7, 100_000)
	fill(t, s, name, body)
	b := open(t, s, name)
	defer closeBlob(t, b)
	together(t, func(worker, round int) error {
		part := make([]byte, 1000)
		off := (worker*rounds + round) * 300
		if _, err := b.At().ReadAt(part, int64(off)); err != nil {
			return err
		}
		if !bytes.Equal(part, body[off:off+len(part)]) {
			return fmt.Errorf("other bytes at %d", off)
		}
		return nil
	})
}
