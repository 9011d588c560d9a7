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
	compact := func(dir string) error { return compact(ctx, dir, shard, nil, purgeTime) }

	j, dir := lockedShard(t, key, unix.LOCK_EX) // as while another process compacts
	if err := j.write(ctx, key); !errors.Is(err, errDone) {
		t.Errorf("Note beside a compaction: %v, want the cause of the context", err)
	}
	if err := compact(dir); !errors.Is(err, errDone) {
		t.Errorf("a compaction beside a compaction: %v, want the cause of the context", err)
	}
	j, dir = lockedShard(t, key, unix.LOCK_SH) // as while another process notes a key
	if err := compact(dir); !errors.Is(err, errDone) {
		t.Errorf("a compaction beside a Note: %v, want the cause of the context", err)
	}
	if err := j.write(ctx, key); err != nil {
		t.Errorf("Note beside a Note: %v", err)
	}
}
