package disk

import (
	"context"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// lockedShard returns a journal whose file for a key is locked with how, as by another
// process.
func lockedShard(t *testing.T, key variant.Key, how int) (j *Journal, dir string) {
	t.Helper()
	dir = t.TempDir()
	j = openJournal(t, dir, nil)
	mustNote(t, j, key)
	f, err := os.Open(j.shard(key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := files.TryLock(f, how); err != nil {
		t.Fatal(err)
	}
	return j, dir
}

// Waiting for a lock of the journal ends with the context.
func TestLockedJournal(t *testing.T) {
	t.Parallel()
	errDone := errors.New("done")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errDone)
	key := variant.Key("a")
	shard := string(key.Name()[:shardDigits])
	compact := func(dir string) error { return newLiveSources(dir, shard, false).compact(ctx, purgeTime) }

	j, dir := lockedShard(t, key, unix.LOCK_EX) // as while another process compacts
	if err := j.Note(ctx, key); !errors.Is(err, errDone) {
		t.Errorf("Note beside a compaction: %v, want the cause of the context", err)
	}
	if err := compact(dir); !errors.Is(err, errDone) {
		t.Errorf("a compaction beside a compaction: %v, want the cause of the context", err)
	}
	j, dir = lockedShard(t, key, unix.LOCK_SH) // as while another process notes a key
	if err := compact(dir); !errors.Is(err, errDone) {
		t.Errorf("a compaction beside a Note: %v, want the cause of the context", err)
	}
	if err := j.Note(ctx, key); err != nil {
		t.Errorf("Note beside a Note: %v", err)
	}
}

// Note gives up if the open file never is the one under its name.
func TestNoteGivesUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := openJournal(t, dir, nil)
	key := variant.Key("a")
	attempts := 0
	j.lock = func(context.Context, *os.File, int) (bool, error) { attempts++; return false, nil }
	if err := j.Note(t.Context(), key); !errors.Is(err, errReplaced) || attempts != maxReplaced {
		t.Errorf("%v after %d attempts, want %d", err, attempts, maxReplaced)
	}
	if keys := journal(t, dir); len(keys) > 0 {
		t.Errorf("the journal has %q", keys)
	}
}
