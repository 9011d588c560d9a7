package invalidation

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// process is a Log with a consumer, until stop is called.
type process struct {
	*Log
	lost atomic.Uint64
	fail atomic.Bool
	stop func()

	mu  sync.Mutex
	got []variant.Key
}

func start(t *testing.T, dir, name string) *process {
	t.Helper()
	p := &process{}
	var err error
	p.Log, err = New(dir, Options{Log: slog.New(slog.DiscardHandler), NoSync: true, Lost: func(n uint64) { p.lost.Add(n) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go p.Watch(ctx)
	go func() {
		defer close(done)
		p.Consume(ctx, name, func(_ context.Context, events []Event) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, e := range events {
				p.got = append(p.got, e.Key)
			}
			if p.fail.Load() {
				return errors.New("not now")
			}
			return nil
		})
	}()
	p.stop = func() { cancel(); <-done }
	time.Sleep(time.Second)
	synctest.Wait() // also for Watch, which looks at this instant, too
	return p
}

func (p *process) want(t *testing.T, keys string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var got []string
	for _, k := range p.got {
		got = append(got, string(k))
	}
	if s := strings.Join(got, " "); s != keys {
		t.Errorf("consumed %q, want %q", s, keys)
	}
	p.got = nil
}

func TestConsume(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	add(t, open(t, dir), "before")
	synctest.Test(t, func(t *testing.T) {
		p := start(t, dir, "front")
		p.want(t, "")
		add(t, p.Log, "own")
		synctest.Wait()
		p.want(t, "own")
		add(t, open(t, dir), "other", "another")
		time.Sleep(watchEvery)
		synctest.Wait()
		p.want(t, "other another")
		p.fail.Store(true)
		add(t, p.Log, "again")
		synctest.Wait()
		p.want(t, "again")
		time.Sleep(10 * time.Minute)
		p.mu.Lock()
		n := len(p.got)
		p.mu.Unlock()
		if n < 8 || n > 20 {
			t.Errorf("tried %d times within ten minutes", n)
		}
		p.stop()

		p = start(t, dir, "front")
		p.want(t, "again")
		p.stop()
		add(t, open(t, dir), "missed")
		p = start(t, dir, "front")
		p.want(t, "missed")
		p.stop()
		p = start(t, dir, "front")
		p.want(t, "")

		if err := os.RemoveAll(p.dir); err != nil {
			t.Fatal(err)
		}
		add(t, open(t, dir), "emptied")
		time.Sleep(watchEvery)
		synctest.Wait()
		p.want(t, "emptied")
		p.stop()

		at, ok := p.Cursor("front")
		if at.Seq != 1 || !ok {
			t.Errorf("the cursor is %v", at)
		}
		p.SaveCursor("front", Cursor{at.Log, 7})
		p = start(t, dir, "front")
		p.want(t, "emptied")
		if n := p.lost.Load(); n != 1 {
			t.Errorf("%d lost", n)
		}
		p.stop()
	})
}

// A consumer that is stopped while it cannot read the log stays where it is.
func TestStopWhileLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, dir)
		add(t, l, "one")
		saved := Cursor{after(t, l, Cursor{}, 1).Next.Log, 0}
		l.SaveCursor("front", saved)
		lock, err := files.OpenLocked(t.Context(), filepath.Join(l.dir, lockFile), os.O_RDWR, unix.LOCK_EX)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Close()
		ctx, stop := context.WithCancel(t.Context())
		go func() { time.Sleep(time.Second); stop() }()
		l.Consume(ctx, "front", func(context.Context, []Event) error { t.Error("it was read"); return nil })
		if at, ok := l.Cursor("front"); at != saved || !ok {
			t.Errorf("the cursor is %v", at)
		}
	})
}

// Peers wait for what was not told by one of them: else every event would wake each of them
// once for each other.
func TestWaitForPeer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, dir)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go l.Watch(ctx)
		add(t, l, "one")
		at := after(t, l, Cursor{}, 9).Next
		waits := func(at Cursor, act func()) bool {
			limited, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			go func() { time.Sleep(time.Second); act() }()
			l.WaitForPeer(limited, at)
			return limited.Err() != nil
		}
		for what, tt := range map[string]struct {
			at   Cursor
			act  func()
			want bool
		}{
			"nothing":         {at, func() {}, true},
			"relayed":         {at, func() { _ = l.Relay(ctx, Event{Key: "relayed"}) }, true},
			"another log":     {Cursor{"another", 1}, func() {}, false},
			"before the last": {Cursor{at.Log, 0}, func() {}, false},
			"after the last":  {Cursor{at.Log, 99}, func() {}, false},
		} {
			if got := waits(tt.at, tt.act); got != tt.want {
				t.Errorf("%s: waits %v", what, got)
			}
		}
		at = after(t, l, Cursor{}, 9).Next
		if waits(at, func() { _ = open(t, dir).Append(ctx, "two") }) {
			t.Error("it does not see an event of another process")
		}
	})
}

// What another process has appended is forgotten here, and so is what this program has
// appended before it was killed; what it has forgotten itself is not forgotten twice.
func TestApplyOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var forgotten []variant.Key
		run := func(act func(*Log)) {
			l := open(t, dir)
			ctx, stop := context.WithCancel(t.Context())
			go l.Watch(ctx)
			done := make(chan struct{})
			go func() {
				defer close(done)
				l.ApplyOthers(ctx, func(k variant.Key) error { forgotten = append(forgotten, k); return nil })
			}()
			synctest.Wait()
			act(l)
			time.Sleep(time.Second)
			stop()
			<-done
		}
		run(func(l *Log) {
			add(t, open(t, dir), "purged")
			if err := l.Record(t.Context(), func() error { return nil }, "deleted"); err != nil {
				t.Error(err)
			}
			if err := l.Relay(t.Context(), Event{Key: "relayed"}); err != nil {
				t.Error(err)
			}
		})
		if !slices.Equal(forgotten, []variant.Key{"purged"}) {
			t.Errorf("forgotten: %q", forgotten)
		}
		forgotten = nil
		var killed Cursor
		run(func(l *Log) {
			killed, _ = l.Cursor("self")
			err := l.Record(t.Context(), func() error {
				if l.recording.TryLock() {
					t.Error("the cursor can pass an event that is not forgotten yet")
				}
				return nil
			}, "killed")
			if err != nil {
				t.Error(err)
			}
		})
		open(t, dir).SaveCursor("self", killed)
		run(func(*Log) {})
		if !slices.Equal(forgotten, []variant.Key{"killed"}) {
			t.Errorf("forgotten after a restart: %q", forgotten)
		}
	})
}

// Await waits until what is in the log was forgotten here, and not for what is added later.
func TestAwait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, dir)
		ctx, stop := context.WithCancel(t.Context())
		go l.Watch(ctx)
		wait := func(want time.Duration) {
			t.Helper()
			began := time.Now()
			if err := l.Await(ctx, "self"); err != nil || time.Since(began) != want {
				t.Errorf("%v after %v, want %v", err, time.Since(began), want)
			}
		}
		time.AfterFunc(time.Second, func() {
			l.ApplyOthers(ctx, func(variant.Key) error { time.Sleep(time.Minute); return nil })
		})
		wait(time.Second)
		wait(0)
		add(t, open(t, dir), "of another process")
		time.AfterFunc(time.Second, func() { add(t, open(t, dir), "later") })
		wait(time.Minute)
		wait(time.Minute)
		add(t, open(t, dir), "too late")
		time.AfterFunc(time.Second, stop)
		if err := l.Await(ctx, "self"); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped: %v", err)
		}
		time.Sleep(time.Minute)
	})
}

func TestForgetCursors(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir())
	const young, old = "YOUNGYOUNGYOUNGYOUNGYOUNGY", "OLDOLDOLDOLDOLDOLDOLDOLDOL"
	now := time.Now()
	for name, age := range map[string]time.Duration{young: 0, old: cursorAge, "front": 2 * cursorAge, old + ".x": 2 * cursorAge} {
		l.SaveCursor(name, Cursor{young, 1})
		if err := os.Chtimes(l.cursorPath(name), now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.ForgetCursors(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]bool{young: true, old: false, "front": true, old + ".x": false} {
		if _, ok := l.Cursor(name); ok != want {
			t.Errorf("%s is there: %v", name, ok)
		}
	}
}

// While the position is saved, which waits for the disk, Record goes on.
func TestSavingDelaysNoRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, dir)
		add(t, l, "a")
		if err := os.WriteFile(filepath.Join(dir, Directory, cursorDirectory), nil, 0o644); err != nil { // so saving fails, and logs that
			t.Fatal(err)
		}
		saved := 0
		l.options.Log = slog.New(slog.NewTextHandler(writer(func() {
			saved++
			if !l.recording.TryRLock() {
				t.Error("Record has to wait")
				return
			}
			l.recording.RUnlock()
		}), nil))
		ctx, stop := context.WithCancel(t.Context())
		go l.Watch(ctx)
		go l.ApplyOthers(ctx, func(variant.Key) error { return nil })
		time.Sleep(time.Second)
		stop()
		synctest.Wait()
		if saved == 0 {
			t.Error("no position was saved")
		}
	})
}

// writer is called for each Write.
type writer func()

func (w writer) Write(p []byte) (int, error) { w(); return len(p), nil }

// A process that was killed before its consumer had a position may have appended events.
func TestApplyOthersFromTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		options := Options{Log: slog.New(slog.DiscardHandler), NoSync: true}
		killed, err := New(dir, options)
		if err != nil {
			t.Fatal(err)
		}
		add(t, killed, "a")
		l, err := New(dir, options)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var forgotten []variant.Key
		go l.Watch(ctx)
		go l.ApplyOthers(ctx, func(k variant.Key) error { forgotten = append(forgotten, k); return nil })
		time.Sleep(time.Second)
		stop()
		synctest.Wait()
		if !slices.Equal(forgotten, []variant.Key{"a"}) {
			t.Errorf("forgotten: %v", forgotten)
		}
		if c, ok := l.Cursor(Self); !ok || c.Seq != 1 {
			t.Errorf("%+v, %t", c, ok)
		}
	})
}

// What another process has recorded and forgotten, this one may keep: it forgets it too, from the
// position that was saved when it began, whichever the other has saved since.
func TestApplyOthersOfAnOlderProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	here, other := open(t, dir), open(t, dir)
	add(t, other, "a")
	end, err := other.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other.SaveCursor(Self, end)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := here.End(ctx); err != nil {
		t.Fatal(err)
	}
	forgotten := 0
	go here.ApplyOthers(ctx, func(variant.Key) error { forgotten++; return nil })
	if err := here.Await(ctx, Self); err != nil || forgotten != 1 {
		t.Errorf("%d forgotten, %v", forgotten, err)
	}
}
