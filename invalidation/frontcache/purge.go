package frontcache

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/thumbery/thumbery/invalidation"
)

const (
	// againAfter is how long after the answer to the first purge, and after this node has
	// forgotten the picture, the second is sent. By then peers have heard of the event, and
	// answers that were under way when the picture was forgotten have arrived in the cache.
	againAfter = time.Second
	// maxAgain bounds the batches between the two.
	maxAgain = 16
	// stopTimeout is for the purges that are due when the server stops: this node may not
	// come back.
	stopTimeout = againAfter + 2*time.Second
)

// purged is a batch of events that were purged once.
type purged struct {
	invalidation.Batch
	at time.Time
}

// Run purges what the log says is to be forgotten, until ctx ends: at once, and again a
// second later. It returns at most three seconds after ctx has ended. Events for which the
// second purge was not answered then are purged anew by the next process.
func (c *Cache) Run(ctx context.Context, log *invalidation.Log) {
	finishing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopTimeout, cancel) })()
	again := make(chan purged, maxAgain)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for p := range again {
			if c.again(finishing, log, p) == nil {
				log.SaveCursor(c.cursor(), p.Next)
			}
		}
	}()
	log.Follow(ctx, c.cursor(), func(_ context.Context, b invalidation.Batch) error {
		if err := c.purge(finishing, tagsOf(b.Events)); err != nil {
			return err
		}
		again <- purged{b, time.Now()}
		return nil
	})
	close(again)
	<-ended
}

// Backlog returns how many events of the log the cache has still to purge, and the age of
// the oldest.
func (c *Cache) Backlog(ctx context.Context, log *invalidation.Log) (events int, oldest time.Duration) {
	at, ok := log.Cursor(c.cursor())
	if !ok {
		return 0, 0
	}
	b, err := log.After(ctx, at, 1)
	if err != nil || len(b.Events) == 0 {
		return 0, 0
	}
	return int(b.Behind) + 1, time.Since(b.Events[0].At)
}

// cursor is the name of the cursor, in which the log allows no dots.
func (c *Cache) cursor() string { return "front-" + strings.ReplaceAll(c.Name, ".", "+") }

func (c *Cache) again(ctx context.Context, log *invalidation.Log, p purged) error {
	if !log.HasPassed(invalidation.Self, p.Next) { // another process has recorded it
		if err := log.Await(ctx, invalidation.Self); err != nil {
			return err
		}
		p.at = time.Now()
	}
	if err := invalidation.Sleep(ctx, againAfter-time.Since(p.at)); err != nil {
		return err
	}
	return c.purge(ctx, tagsOf(p.Events))
}

// purge returns when the cache has answered that it has purged what bears the tags, or the
// error of ctx.
func (c *Cache) purge(ctx context.Context, tags []string) error {
	for some := range slices.Chunk(tags, c.form.MaxTags) {
		if err := c.persist(ctx, newBatch(some)); err != nil {
			return err
		}
	}
	return nil
}

// tagsOf returns the tags of the events' pictures, each once, without those that a peer has
// recorded, and has purged, too: they are purged again where this node has heard late.
func tagsOf(events []invalidation.Event) []string {
	all := make([]string, 0, len(events))
	for _, e := range events {
		if !e.Relayed || e.Late {
			all = append(all, string(e.Key.Name()))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// persist repeats a request: after a failure soon and then less often, after a refusal,
// by which the settings are wrong, once a minute. Its error is that of ctx.
func (c *Cache) persist(ctx context.Context, b batch) error {
	for failures := 0; ; failures++ {
		if err := c.limit.Wait(ctx); err != nil {
			return err
		}
		a := c.send(ctx, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.report(a, len(b.Tags))
		if a.result == OK {
			return nil
		}
		if err := invalidation.Sleep(ctx, a.pause(failures)); err != nil {
			return err
		}
	}
}
