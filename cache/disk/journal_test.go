package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

func openJournal(t testing.TB, dir string, now func() time.Time) *Journal {
	t.Helper()
	j, err := OpenJournal(dir, Options{NoSync: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// mustNote writes a line for each key, also for one that was noted recently.
func mustNote(t testing.TB, j *Journal, keys ...variant.Key) {
	t.Helper()
	for _, k := range keys {
		if err := j.write(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
}

// journal returns the keys of all lines of the journal, sorted.
func journal(t testing.TB, dir string) (keys []variant.Key) {
	t.Helper()
	for i := range shards {
		shard := fmt.Sprintf("%02x", i)
		f, err := openShard(dir, shard)
		if err != nil {
			t.Fatal(err)
		}
		if f == nil {
			continue
		}
		for n, err := range notes(f, shard) {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, n.key)
		}
		f.Close()
	}
	slices.Sort(keys)
	return keys
}

func TestJournalKeepsEveryKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openJournal(t, dir, nil)
	keys := []variant.Key{"a", "photos/ä ö/\"q\".jpg", `back\slash`, variant.Key(strings.Repeat("\u200b", 341)), variant.Key(strings.Repeat("𐀀", 256)), "zwei  spaces"}
	for i := range 1000 {
		keys = append(keys, variant.Key(fmt.Sprintf("n/%d", i)))
	}
	mustNote(t, j, keys...)
	slices.Sort(keys)
	if got := journal(t, dir); !slices.Equal(got, keys) {
		t.Errorf("%d keys came back of %d", len(got), len(keys))
	}
	if info, err := os.Stat(filepath.Join(dir, journalDir, string(variant.Key("a").Name()[:2]))); err != nil || info.Size() == 0 {
		t.Errorf("the shard of a key: %v, %v", info, err)
	}
}

// TestTornLines cuts a line off at every byte, as a crash does, and puts after it what a power
// cut may. Only that line is lost, and none that follows.
func TestTornLines(t *testing.T) {
	t.Parallel()
	key := variant.Key(`photos/"a" ü\.jpg`)
	whole := appendNote(nil, someTime, key)
	for n := range len(whole) {
		for _, tail := range []string{"", "\x00\x00\x00", strings.Repeat("\x00", 20*maxLine), "\n"} {
			b := append(slices.Clone(whole[:n]), tail...)
			b = appendNote(b, someTime.Add(time.Second), key)
			var got []note
			for note, err := range notes(bytes.NewReader(b), string(key.Name()[:2])) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, note)
			}
			if len(got) != 1 || got[0].key != key || !got[0].at.Equal(someTime.Add(time.Second)) {
				t.Fatalf("behind %d bytes of a line and %.10q: %v", n, tail, got)
			}
		}
	}
}

func TestNotesOfAnotherShard(t *testing.T) {
	t.Parallel()
	b := appendNote(appendNote(nil, someTime, "a"), someTime, "b")
	for n := range notes(bytes.NewReader(b), string(variant.Key("b").Name()[:2])) {
		if n.key != "b" {
			t.Errorf("a key of another shard: %q", n.key)
		}
	}
}

func FuzzJournalLine(f *testing.F) {
	f.Add(appendNote(nil, someTime, "photos/cat.jpg"))
	f.Add([]byte("1 \"a\"\n\n1 `a`\n1 'a'\n99999999999999999999 \"a\"\n1 \"../a\"\n\x00\n"))
	f.Add([]byte("-1 \"\\u00e4\"\n1  \"a\"\n\"a\"\n1 \"a\" \n1 \"a\\\""))
	f.Fuzz(func(t *testing.T, b []byte) {
		for line := range bytes.SplitSeq(b, []byte{'\n'}) {
			n, ok := parseNote(line)
			if !ok {
				continue
			}
			if _, err := variant.ParseKey(string(n.key)); err != nil {
				t.Fatalf("%q became %q, which is no key: %v", line, n.key, err)
			}
			again, ok := parseNote(appendNote(nil, n.at, n.key)[1:])
			if !ok || again != n {
				t.Fatalf("%q became %v, and that %v", line, n, again)
			}
		}
	})
}

func TestNotesPassOnErrors(t *testing.T) {
	t.Parallel()
	want := io.ErrUnexpectedEOF
	var got error
	for _, err := range notes(io.MultiReader(strings.NewReader("1 \"a\"\n"), iotest.ErrReader(want)), "ca") {
		got = err
	}
	if !errors.Is(got, want) {
		t.Errorf("error = %v, want %v", got, want)
	}
}

// A compaction keeps one line for each key that has a file in any tier, and one of the last
// hour for each key, also beside an older line: the file that the older line is kept for may
// be removed before the original that is on its way arrives.
func TestPurgeCompacts(t *testing.T) {
	t.Parallel()
	dir := plant(t,
		planted{eviction.Originals, "original", 0, day, 10},
		planted{eviction.Mezzanines, "mezzanine", 1, day, 10},
		planted{eviction.Derivatives, "derivative", 1, day, 10},
		planted{eviction.Originals, "expires", 0, 90 * day, 10},
	)
	old := openJournal(t, dir, func() time.Time { return purgeTime.Add(-2 * time.Hour) })
	mustNote(t, old, "original", "original", "mezzanine", "derivative", "expires", "gone", "gone")
	mustNote(t, openJournal(t, dir, func() time.Time { return purgeTime.Add(-59 * time.Minute) }), "arriving", "arriving", "original")
	policy := eviction.Policy{All: eviction.Limits{OlderThan: 30 * day}}
	before := journal(t, dir)
	mustPurge(t, dir, policy, PurgeOptions{DryRun: true})
	if got := journal(t, dir); !slices.Equal(got, before) {
		t.Errorf("a dry run made %q of %q", got, before)
	}
	mustPurge(t, dir, policy, PurgeOptions{})
	if got, want := journal(t, dir), []variant.Key{"arriving", "derivative", "mezzanine", "original", "original"}; !slices.Equal(got, want) {
		t.Errorf("journal = %q, want %q", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, Temporary, "*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// If root compacts the journal of another user, as from cron, the files keep their owner.
func TestJournalStaysTheServers(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	const server = 65534
	dir, key := plant(t), variant.Key("gone")
	mustNote(t, openJournal(t, dir, func() time.Time { return purgeTime.Add(-2 * time.Hour) }), key)
	shard := filepath.Join(dir, journalDir, string(key.Name()[:shardDigits]))
	if err := os.Chown(shard, server, server); err != nil {
		t.Fatal(err)
	}
	mustPurge(t, dir, eviction.Policy{All: eviction.Limits{OlderThan: day}}, PurgeOptions{})
	if got := ownerOf(t, shard); got != (owner{server, server}) || len(journal(t, dir)) > 0 {
		t.Errorf("owner %v, journal %q", got, journal(t, dir))
	}
}

// If a directory cannot be read, its keys stay in the journal.
func TestNoCompactionOfTheUnknown(t *testing.T) {
	t.Parallel()
	key := variant.Key("a")
	dir := plant(t)
	mustNote(t, openJournal(t, dir, func() time.Time { return purgeTime.Add(-2 * time.Hour) }), key)
	if err := os.WriteFile(filepath.Join(dir, Originals, string(key.Name()[:3])), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := mustPurge(t, dir, eviction.Policy{All: eviction.Limits{OlderThan: 30 * day}}, PurgeOptions{})
	if got := journal(t, dir); len(got) != 1 || s.Failed != 1 {
		t.Errorf("journal = %q, %d failed", got, s.Failed)
	}
}

// No note is lost while the journal is compacted all the time.
func TestNotesAndCompactionsAtOnce(t *testing.T) {
	t.Parallel()
	dir := plant(t)
	// All of one shard.
	var keys []variant.Key
	for i := 0; len(keys) < 400; i++ {
		if k := variant.Key(fmt.Sprintf("k/%d", i)); strings.HasPrefix(string(k.Name()), "77") {
			keys = append(keys, k)
		}
	}
	stale := openJournal(t, dir, func() time.Time { return purgeTime.Add(-2 * time.Hour) })
	fresh := openJournal(t, dir, purgeNow)
	var writers, compactor sync.WaitGroup
	stop := make(chan struct{})
	compactor.Go(func() {
		for {
			if err := compact(t.Context(), dir, "77", nil, purgeTime); err != nil {
				t.Error(err)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for w := range 4 {
		writers.Go(func() {
			for i := w; i < len(keys); i += 4 {
				if err := stale.write(t.Context(), keys[(i+7)%len(keys)]); err != nil {
					t.Error(err)
				}
				if err := fresh.Note(t.Context(), keys[i]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	compactor.Wait()
	got := slices.Compact(journal(t, dir))
	slices.Sort(keys)
	if !slices.Equal(got, keys) {
		t.Errorf("%d of %d keys are left", len(got), len(keys))
	}
}

func BenchmarkNote(b *testing.B) {
	for name, opts := range map[string]Options{"sync": {}, "nosync": {NoSync: true}} {
		b.Run(name, func(b *testing.B) {
			j, err := OpenJournal(b.TempDir(), opts)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := j.write(b.Context(), "photos/2019/08/DSC_0001.jpg"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
