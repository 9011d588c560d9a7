package prime

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/backoff"
	"github.com/thumbery/thumbery/variant"
)

// lineBytes is the longest line that is looked at; the longest key is far below.
const lineBytes = 16 << 10

// exampleBytes is how much of a name that is no key is told.
const exampleBytes = 100

// ReadKeys reads keys, one a line. Blank lines are skipped, and skipped is told of those
// that are no keys. An error is that of in.
func ReadKeys(in io.Reader, skipped func(line string)) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		lines := bufio.NewReaderSize(in, lineBytes)
		for {
			line, err := nextLine(lines)
			if err != nil && err != io.EOF {
				yield("", err)
				return
			}
			if line != "" {
				key, bad := variant.ParseKey(line)
				if bad != nil {
					skipped(excerpt.First(line, exampleBytes))
				} else if !yield(key, nil) {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
}

// nextLine returns a line without its end. Of one that is too long only the
// beginning is given, which is no key either.
func nextLine(r *bufio.Reader) (string, error) {
	raw, err := r.ReadSlice('\n')
	line := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	return line, err
}

// Prefetch reads keys in a goroutine of its own, so that a reader that waits can be
// stopped: it then ends with the error of ctx. If a read never ends, the goroutine does
// not either.
func Prefetch(ctx context.Context, keys iter.Seq2[variant.Key, error]) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		found := prefetch(ctx, keys, 0)
		for {
			select {
			case <-ctx.Done():
				yield("", ctx.Err())
				return
			case k, more := <-found:
				if !more || !yield(k.key, k.err) {
					return
				}
			}
		}
	}
}

type keyOrError struct {
	key variant.Key
	err error
}

// prefetch reads up to that many keys ahead, until ctx ends.
func prefetch(ctx context.Context, keys iter.Seq2[variant.Key, error], ahead int) <-chan keyOrError {
	found := make(chan keyOrError, ahead)
	go func() {
		defer close(found)
		for key, err := range keys {
			select {
			case found <- keyOrError{key, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return found
}

// Selection says which of the pictures that origins list are meant.
type Selection struct {
	Origins *storage.Mounts
	Prefix  string        // of their keys; "" is all
	Since   time.Duration // they were changed no longer ago; 0 is any time
}

// List is a Source: the keys of a selection.
func (s Selection) List(ctx context.Context, skipped func(name string)) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		var oldest time.Time
		if s.Since > 0 {
			oldest = time.Now().Add(-s.Since)
		}
		for e, err := range s.entries(ctx, skipped) {
			if err != nil {
				yield("", err)
				return
			}
			key, err := variant.ParseKey(e.Key)
			switch {
			case err != nil: // together with the prefix of its mount
				skipped(e.Key)
			case !e.ModTime.Before(oldest) && !yield(key, nil):
				return
			}
		}
	}
}

// entries are those of one mount after the other. Each backend of a chain is listed by
// itself, as only that has an order in which a listing can be resumed.
func (s Selection) entries(ctx context.Context, skipped func(name string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		for _, chain := range s.Origins.Listers() {
			var lists []iter.Seq2[storage.Entry, error]
			for _, backend := range chain {
				lists = append(lists, backoff.List(ctx, backend, s.Prefix, skipped))
			}
			for e, err := range storage.MergeLists(lists) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}
