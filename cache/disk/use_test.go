package disk

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/variant"
)

// clock is a clock that stands still until a test sets it.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func timesOf(t *testing.T, path string) (accessed, modified time.Time) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	return time.Unix(st.Atim.Unix()), time.Unix(st.Mtim.Unix())
}

func useByOpen(t *testing.T, s *Store, name variant.Name) {
	b, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
}

func useByTouch(t *testing.T, s *Store, name variant.Name) {
	if _, err := s.Touch(name); err != nil {
		t.Error(err)
	}
}

func TestUseIsNotedHourly(t *testing.T) {
	t.Parallel()
	filled := time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC)
	for what, use := range map[string]func(*testing.T, *Store, variant.Name){"Open": useByOpen, "Touch": useByTouch} {
		for _, c := range []struct {
			later time.Duration
			noted bool
		}{
			{0, false},
			{time.Nanosecond, false},
			{time.Hour - time.Nanosecond, false},
			{time.Hour, true},
			{400 * 24 * time.Hour, true},
			{-time.Nanosecond, true}, // the atime lies in the future
			{-400 * 24 * time.Hour, true},
		} {
			clk := &clock{filled}
			s, _ := newTestStore(t, Options{Now: clk.Now})
			path := fill(t, s, name, "body", someTime)
			if accessed, _ := timesOf(t, path); !accessed.Equal(filled) {
				t.Fatalf("atime after Fill = %v, want %v", accessed, filled)
			}
			clk.now = filled.Add(c.later)
			use(t, s, name)
			want := filled
			if c.noted {
				want = clk.now
			}
			if accessed, modified := timesOf(t, path); !accessed.Equal(want) || !modified.Equal(someTime) {
				t.Errorf("%s %v later: atime %v, mtime %v, want %v and %v", what, c.later, accessed, modified, want, someTime)
			}
		}
	}
}

func TestDefaultClock(t *testing.T) {
	t.Parallel()
	before := time.Now()
	s, _ := newTestStore(t, Options{})
	accessed, _ := timesOf(t, fill(t, s, name, "body", someTime))
	if accessed.Before(before) || accessed.After(time.Now()) {
		t.Errorf("atime = %v, not between %v and now", accessed, before)
	}
}
