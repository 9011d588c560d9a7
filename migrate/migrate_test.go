package migrate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/backoff"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// migrating makes a Migration of the objects a, b and c, whose bytes are their
// keys.
func migrating() (m *Migration, from, to *storagetest.Flaky) {
	from = storagetest.NewFlaky(map[string][]byte{"a": []byte("a"), "b": []byte("b"), "c": []byte("c")})
	to = storagetest.NewFlaky(nil)
	return &Migration{From: from, To: to, Parallel: 4, Log: slog.New(slog.DiscardHandler)}, from, to
}

// summary is what a report counts, without what is none.
func (r *Report) summary() string {
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
	t.Parallel()
	tests := []struct {
		name   string
		tell   func(m *Migration, from, to *storagetest.Flaky)
		want   string
		absent string // keys that are not at the destination as at the source
	}{
		{"all", func(*Migration, *storagetest.Flaky, *storagetest.Flaky) {}, "3 copied", ""},
		{"verified", func(m *Migration, _, _ *storagetest.Flaky) { m.Verify = true }, "3 copied", ""},
		{"dry run", func(m *Migration, _, _ *storagetest.Flaky) { m.DryRun = true }, "3 copied", "abc"},
		{"prefix", func(m *Migration, _, _ *storagetest.Flaky) { m.Prefix = "b" }, "1 copied", "ac"},
		{"some there", func(_ *Migration, _, to *storagetest.Flaky) { to.Fake.Put("b", []byte("b")); to.Fake.Put("bb", nil) }, "2 copied, 1 there", ""},
		{"another size", func(_ *Migration, _, to *storagetest.Flaky) { to.Fake.Put("b", []byte("bb")) }, "2 copied, 1 conflicts", "b"},
		{"other bytes", func(_ *Migration, _, to *storagetest.Flaky) { to.Fake.Put("b", []byte("x")) }, "2 copied, 1 there", "b"},
		{"other bytes, verified", func(m *Migration, _, to *storagetest.Flaky) { to.Fake.Put("b", []byte("x")); m.Verify = true }, "2 copied, 1 conflicts", "b"},
		{"the same bytes, verified", func(m *Migration, _, to *storagetest.Flaky) { to.Fake.Put("b", []byte("b")); m.Verify = true }, "2 copied, 1 there", ""},
		{"there, and not listed", func(_ *Migration, _, to *storagetest.Flaky) {
			to.Fake.Put("b", []byte("b"))
			to.FailList("b", 9, storage.ErrRefused)
		}, "", "ac"},
		{"no key", func(_ *Migration, from, _ *storagetest.Flaky) { from.Fake.Put("b/../c", nil) }, "3 copied, 1 left out", ""},
		{"gone", func(_ *Migration, from, _ *storagetest.Flaky) { from.FailOpen("b", 9, storage.ErrNotFound) }, "2 copied, 1 gone", "b"},
		{"panics when read", func(_ *Migration, from, _ *storagetest.Flaky) { from.FailOpen("b", 1, storagetest.ErrPanic) }, "2 copied, 1 failed", "b"},
		{"panics when written", func(_ *Migration, _, to *storagetest.Flaky) { to.FailPut("b", 1, storagetest.ErrPanic) }, "2 copied, 1 failed", "b"},
		{"refused", func(_ *Migration, from, _ *storagetest.Flaky) { from.FailOpen("b", 9, storage.ErrRefused) }, "2 copied, 1 failed", "b"},
		{"down for a while", func(_ *Migration, from, to *storagetest.Flaky) {
			from.FailOpen("b", 3, storagetest.ErrDown)
			to.FailPut("c", 5, storagetest.ErrDown)
		}, "3 copied", ""},
		{"down", func(_ *Migration, from, _ *storagetest.Flaky) { from.FailOpen("b", 6, storagetest.ErrDown) }, "2 copied, 1 failed", "b"},
		{"not written", func(_ *Migration, _, to *storagetest.Flaky) { to.FailPut("b", 6, storagetest.ErrDown) }, "2 copied, 1 failed", "b"},
		{"not written for good", func(_ *Migration, _, to *storagetest.Flaky) { to.FailPut("b", 1, storage.ErrRefused) }, "2 copied, 1 failed", "b"},
		{"an answer lost", func(_ *Migration, _, to *storagetest.Flaky) { to.FailPut("b", 1, storagetest.ErrLostAnswer) }, "2 copied, 1 there", ""},
		{"cut short", func(_ *Migration, from, _ *storagetest.Flaky) { from.Truncate("c", 0) }, "2 copied, 1 failed", "c"},
		{"size unknown", func(_ *Migration, from, _ *storagetest.Flaky) { from.Announce("c", -1) }, "2 copied, 1 failed", "c"},
		{"verified, and not readable", func(m *Migration, _, to *storagetest.Flaky) {
			m.Verify = true
			to.FailOpen("c", 6, storagetest.ErrDown)
		}, "2 copied, 1 failed", ""},
		{"listings break off", func(_ *Migration, from, to *storagetest.Flaky) {
			to.Fake.Put("b", []byte("b"))
			from.Fake.Put("b//", nil)
			from.FailList("a", 2, storagetest.ErrDown)
			from.FailList("c", 3, storagetest.ErrDown)
			to.FailList("b", 5, storagetest.ErrDown)
		}, "2 copied, 1 there, 1 left out", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, from, to := migrating()
				tt.tell(m, from, to)
				report, err := m.Run(t.Context())
				if (err != nil) != (tt.want == "") {
					t.Errorf("error is %v", err)
				}
				if got := report.summary(); got != tt.want && tt.want != "" {
					t.Errorf("%s; want %s; %s %s", got, tt.want, report.FirstFailure, report.FirstConflict)
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

// many makes a Migration of n objects.
func many(n int) (m *Migration, from, to *storagetest.Flaky) {
	m, from, to = migrating()
	for i := range n {
		from.Fake.Put(fmt.Sprintf("many/%04d", i), []byte("x"))
	}
	return m, from, to
}

// TestMigrateGivesUp: a destination that is down is not tried for every original.
func TestMigrateGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _, to := many(1000)
		to.FailPut("*", 1e6, storagetest.ErrDown)
		report, err := m.Run(t.Context())
		if !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "50 failures in a row") {
			t.Errorf("error is %v", err)
		}
		if report.Failed != 50 || report.Copied.Files != 0 {
			t.Errorf("%s, want 50 failed", report.summary())
		}
	})
}

// TestMigrateGoesOn: a source that refuses many, as an archive does, is not down.
func TestMigrateGoesOn(t *testing.T) {
	t.Parallel()
	m, from, _ := many(1000)
	from.FailOpen("*", 200, storage.ErrRefused)
	if report, err := m.Run(t.Context()); err != nil || report.summary() != "803 copied, 200 failed" {
		t.Errorf("%v, %s", err, report.summary())
	}
}

// TestMigrateStops: what is under way when it is stopped is neither copied nor
// failed, and the next run does the rest.
func TestMigrateStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, from, to := many(1000)
		ctx, cancel := context.WithCancel(t.Context())
		to.Delay(time.Second)
		time.AfterFunc(100*time.Second, cancel)
		report, err := m.Run(ctx)
		if n := report.Copied.Files; !errors.Is(err, context.Canceled) || n < 100 || n > 900 || report.Failed != 0 {
			t.Errorf("%v, %s", err, report.summary())
		}
		first := report.Copied.Files
		m, _, _ = migrating()
		m.From, m.To = from, to
		if report, err := m.Run(t.Context()); err != nil || report.There.Files < first || report.Copied.Files+report.There.Files != 1003 {
			t.Errorf("again: %v, %s", err, report.summary())
		}
	})
}

// TestMigrateProgress: done grows by one, and never beyond all.
func TestMigrateProgress(t *testing.T) {
	t.Parallel()
	m, _, _ := many(100)
	last := 0
	m.Progress = func(done, all int) {
		if done != last+1 || all <= done {
			t.Errorf("%d of %d after %d", done, all, last)
		}
		last = done
	}
	if _, err := m.Run(t.Context()); err != nil || last != 103 {
		t.Errorf("%v, the last was %d", err, last)
	}
}

// TestMigrateUnordered: order saves requests and is not needed.
func TestMigrateUnordered(t *testing.T) {
	t.Parallel()
	m, from, to := migrating()
	from.Unordered, to.Unordered = true, true
	to.Fake.Put("b", []byte("b"))
	if report, err := m.Run(t.Context()); err != nil || report.summary() != "2 copied, 1 there" {
		t.Errorf("%v, %s", err, report.summary())
	}
	m, from, _ = migrating()
	from.Unordered = true
	from.FailList("a", 1, storagetest.ErrDown)
	if _, err := m.Run(t.Context()); !errors.Is(err, backoff.ErrUnordered) {
		t.Errorf("error is %v, want backoff.ErrUnordered", err)
	}
}
