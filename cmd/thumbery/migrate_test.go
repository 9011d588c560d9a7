package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// shaky is a Store that fails as often as it is told to, once for each key of a
// list of failures.
type shaky struct {
	storagetest.Store
	mu               sync.Mutex
	open, put, lists []failure
}

type failure struct {
	key   string // of a listing: that before which it breaks off
	times int
	err   error
}

// fails takes one of the failures of a key.
func (s *shaky) fails(failures []failure, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range failures {
		if f := &failures[i]; (f.key == key || f.key == "*") && f.times > 0 {
			f.times--
			if f.err == errPanics {
				panic(f.err)
			}
			return f.err
		}
	}
	return nil
}

func (s *shaky) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	if err := s.fails(s.open, key); err != nil {
		return nil, err
	}
	return s.Store.Open(ctx, key, have)
}

func (s *shaky) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	err := s.fails(s.put, key)
	if errors.Is(err, errLostAnswer) {
		if err := s.Store.Put(ctx, key, body, size, modTime); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return s.Store.Put(ctx, key, body, size, modTime)
}

func (s *shaky) List(ctx context.Context, prefix string, skipped func(string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		for entry, err := range s.Store.List(ctx, prefix, skipped) {
			if failure := s.fails(s.lists, entry.Key); failure != nil {
				yield(storage.Entry{}, failure)
				return
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

// errPanics is not returned.
var errPanics = errors.New("a panic in the client")

// errors of places. After errLostAnswer the object is there all the same.
var (
	errDown       = fmt.Errorf("%w: boom", storage.ErrUnavailable)
	errLostAnswer = fmt.Errorf("%w: no answer", storage.ErrUnavailable)
)

// migrating makes a migration of the objects a, b and c, whose bytes are their
// keys.
func migrating() (m *migration, from, to *shaky) {
	from = &shaky{Store: storagetest.NewStore(map[string][]byte{"a": []byte("a"), "b": []byte("b"), "c": []byte("c")})}
	to = &shaky{Store: storagetest.NewStore(nil)}
	return &migration{from: from, to: to, parallel: 4, log: slog.New(slog.DiscardHandler), retry: patience()}, from, to
}

// summary is what a report counts, without what is none.
func (r *migrateReport) summary() string {
	var parts []string
	for _, part := range []struct {
		n    int64
		what string
	}{{r.Copied.Files, "copied"}, {r.There.Files, "there"}, {r.Conflicts, "conflicts"}, {r.Failed, "failed"}, {r.Gone, "gone"}, {r.LeftOut, "left out"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(parts, ", ")
}

// TestMigrate: what becomes of originals in different states, in a bubble so that
// half a minute's patience takes no time.
func TestMigrate(t *testing.T) {
	tests := []struct {
		name   string
		tell   func(m *migration, from, to *shaky)
		want   string
		absent string // keys that are not at the destination as at the source
	}{
		{"all", func(*migration, *shaky, *shaky) {}, "3 copied", ""},
		{"verified", func(m *migration, _, _ *shaky) { m.verify = true }, "3 copied", ""},
		{"dry run", func(m *migration, _, _ *shaky) { m.dryRun = true }, "3 copied", "abc"},
		{"prefix", func(m *migration, _, _ *shaky) { m.prefix = "b" }, "1 copied", "ac"},
		{"some there", func(_ *migration, _, to *shaky) { to.Fake.Put("b", []byte("b")); to.Fake.Put("bb", nil) }, "2 copied, 1 there", ""},
		{"another size", func(_ *migration, _, to *shaky) { to.Fake.Put("b", []byte("bb")) }, "2 copied, 1 conflicts", "b"},
		{"other bytes", func(_ *migration, _, to *shaky) { to.Fake.Put("b", []byte("x")) }, "2 copied, 1 there", "b"},
		{"other bytes, verified", func(m *migration, _, to *shaky) { to.Fake.Put("b", []byte("x")); m.verify = true }, "2 copied, 1 conflicts", "b"},
		{"the same bytes, verified", func(m *migration, _, to *shaky) { to.Fake.Put("b", []byte("b")); m.verify = true }, "2 copied, 1 there", ""},
		{"there, and not listed", func(_ *migration, _, to *shaky) {
			to.Fake.Put("b", []byte("b"))
			to.lists = []failure{{"b", 9, storage.ErrRefused}}
		}, "", "ac"},
		{"no key", func(_ *migration, from, _ *shaky) { from.Fake.Put("b/../c", nil) }, "3 copied, 1 left out", ""},
		{"gone", func(_ *migration, from, _ *shaky) { from.open = []failure{{"b", 9, storage.ErrNotFound}} }, "2 copied, 1 gone", "b"},
		{"panics when read", func(_ *migration, from, _ *shaky) { from.open = []failure{{"b", 1, errPanics}} }, "2 copied, 1 failed", "b"},
		{"panics when written", func(_ *migration, _, to *shaky) { to.put = []failure{{"b", 1, errPanics}} }, "2 copied, 1 failed", "b"},
		{"refused", func(_ *migration, from, _ *shaky) { from.open = []failure{{"b", 9, storage.ErrRefused}} }, "2 copied, 1 failed", "b"},
		{"down for a while", func(_ *migration, from, to *shaky) {
			from.open, to.put = []failure{{"b", 3, errDown}}, []failure{{"c", 5, errDown}}
		}, "3 copied", ""},
		{"down", func(_ *migration, from, _ *shaky) { from.open = []failure{{"b", 6, errDown}} }, "2 copied, 1 failed", "b"},
		{"not written", func(_ *migration, _, to *shaky) { to.put = []failure{{"b", 6, errDown}} }, "2 copied, 1 failed", "b"},
		{"not written for good", func(_ *migration, _, to *shaky) { to.put = []failure{{"b", 1, storage.ErrRefused}} }, "2 copied, 1 failed", "b"},
		{"an answer lost", func(_ *migration, _, to *shaky) { to.put = []failure{{"b", 1, errLostAnswer}} }, "2 copied, 1 there", ""},
		{"cut short", func(_ *migration, from, _ *shaky) { from.Truncate("c", 0) }, "2 copied, 1 failed", "c"},
		{"size unknown", func(_ *migration, from, _ *shaky) { from.Announce("c", -1) }, "2 copied, 1 failed", "c"},
		{"verified, and not readable", func(m *migration, _, to *shaky) {
			m.verify, to.open = true, []failure{{"c", 6, errDown}}
		}, "2 copied, 1 failed", ""},
		{"listings break off", func(_ *migration, from, to *shaky) {
			to.Fake.Put("b", []byte("b"))
			from.Fake.Put("b//", nil)
			from.lists, to.lists = []failure{{"a", 2, errDown}, {"c", 3, errDown}}, []failure{{"b", 5, errDown}}
		}, "2 copied, 1 there, 1 left out", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, from, to := migrating()
				tt.tell(m, from, to)
				if err := m.run(t.Context()); (err != nil) != (tt.want == "") {
					t.Errorf("error is %v", err)
				}
				if got := m.report.summary(); got != tt.want && tt.want != "" {
					t.Errorf("%s; want %s; %s %s", got, tt.want, m.report.FirstFailure, m.report.FirstConflict)
				}
				for _, key := range []string{"a", "b", "c"} {
					if data, _ := to.Bytes(key); tt.want != "" && (string(data) == key) == strings.Contains(tt.absent, key) {
						t.Errorf("%s is %q at the destination", key, data)
					}
				}
				if from.Unclosed() != 0 || to.Unclosed() != 0 {
					t.Errorf("%d and %d bodies are open", from.Unclosed(), to.Unclosed())
				}
			})
		})
	}
}

// many makes a migration of n objects.
func many(n int) (m *migration, from, to *shaky) {
	m, from, to = migrating()
	for i := range n {
		from.Fake.Put(fmt.Sprintf("many/%04d", i), []byte("x"))
	}
	return m, from, to
}

// TestMigrateGivesUp: a destination that is down is not tried for every original.
func TestMigrateGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, to := many(1000)
		to.put = []failure{{"*", 1e6, errDown}}
		err := m.run(t.Context())
		if !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "50 failures in a row") {
			t.Errorf("error is %v", err)
		}
		if m.report.Failed != 50 || m.report.Copied.Files != 0 {
			t.Errorf("%s, want 50 failed", m.report.summary())
		}
	})
}

// TestMigrateGoesOn: a source that refuses many, as an archive does, is not down.
func TestMigrateGoesOn(t *testing.T) {
	m, from, _ := many(1000)
	from.open = []failure{{"*", 200, storage.ErrRefused}}
	if err := m.run(t.Context()); err != nil || m.report.summary() != "803 copied, 200 failed" {
		t.Errorf("%v, %s", err, m.report.summary())
	}
}

// TestMigrateStops: what is under way when it is stopped is neither copied nor
// failed, and the next run does the rest.
func TestMigrateStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, from, to := many(1000)
		ctx, cancel := context.WithCancel(t.Context())
		to.Delay(time.Second)
		time.AfterFunc(100*time.Second, cancel)
		err := m.run(ctx)
		if n := m.report.Copied.Files; !errors.Is(err, context.Canceled) || n < 100 || n > 900 || m.report.Failed != 0 {
			t.Errorf("%v, %s", err, m.report.summary())
		}
		if err := m.report.failure(ctx, err); err == nil || !strings.Contains(err.Error(), "run it again to go on") {
			t.Errorf("it says %v", err)
		}
		first := m.report.Copied.Files
		m, _, _ = migrating()
		m.from, m.to = from, to
		if err := m.run(t.Context()); err != nil || m.report.There.Files < first || m.report.Copied.Files+m.report.There.Files != 1003 {
			t.Errorf("again: %v, %s", err, m.report.summary())
		}
	})
}

// TestMigrateProgress: done grows by one, and never beyond all.
func TestMigrateProgress(t *testing.T) {
	m, _, _ := many(100)
	last := 0
	m.progress = func(done, all int) {
		if done != last+1 || all <= done {
			t.Errorf("%d of %d after %d", done, all, last)
		}
		last = done
	}
	if err := m.run(t.Context()); err != nil || last != 103 {
		t.Errorf("%v, the last was %d", err, last)
	}
}

// unordered lists backwards.
type unordered struct{ *shaky }

func (u unordered) List(ctx context.Context, prefix string, skipped func(string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		var entries []storage.Entry
		for entry := range u.Store.List(ctx, prefix, skipped) {
			entries = append(entries, entry)
		}
		for i := len(entries) - 1; i >= 0; i-- {
			if err := u.fails(u.lists, entries[i].Key); err != nil {
				yield(storage.Entry{}, err)
				return
			}
			if !yield(entries[i], nil) {
				return
			}
		}
	}
}

// TestMigrateUnordered: order saves requests and is not needed.
func TestMigrateUnordered(t *testing.T) {
	m, from, to := migrating()
	m.from, m.to = unordered{from}, unordered{to}
	to.Fake.Put("b", []byte("b"))
	if err := m.run(t.Context()); err != nil || m.report.summary() != "2 copied, 1 there" {
		t.Errorf("%v, %s", err, m.report.summary())
	}
	m, from, _ = migrating()
	m.from = unordered{from}
	from.lists = []failure{{"a", 1, errDown}}
	if err := m.run(t.Context()); !errors.Is(err, errDisorder) {
		t.Errorf("error is %v, want errDisorder", err)
	}
}
