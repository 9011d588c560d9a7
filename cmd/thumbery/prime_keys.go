package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// span says which pictures of the sources are meant.
type span struct {
	prefix string        // of their keys; "" is all
	since  time.Duration // they were changed no longer ago; 0 is any time
}

// list goes through the keys of a span that URLs can name, and tells skipped of the
// others.
func (s span) list(ctx context.Context, m *storage.Mounts, skipped func(name string)) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		var oldest time.Time
		if s.since > 0 {
			oldest = time.Now().Add(-s.since)
		}
		for e, err := range s.entries(ctx, m, skipped) {
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

// pictures are those of a span.
func (s span) pictures(ctx context.Context, m *storage.Mounts, skipped func(name string)) pictures {
	return pictures{s.list(ctx, m, skipped), s.list(ctx, m, func(string) {})}
}

// lineBytes is the longest line that is looked at; the longest key is far below.
const lineBytes = 16 << 10

// exampleBytes is how much of a line that is no key is told.
const exampleBytes = 100

// readKeys reads keys, one a line. Blank lines are passed over, and skipped is told
// of those that are no keys. An error is that of in.
func readKeys(in io.Reader, skipped func(line string)) iter.Seq2[variant.Key, error] {
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
					skipped(shortened(line, exampleBytes))
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

// aside goes through keys in a goroutine of its own, so that whoever waits for the
// next can be stopped. If a read never ends, the goroutine does not either.
func aside(ctx context.Context, keys iter.Seq2[variant.Key, error]) <-chan keyOrError {
	found := make(chan keyOrError)
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

type keyOrError struct {
	key variant.Key
	err error
}

// stoppable is keys, ending with the error of ctx when that is done.
func stoppable(ctx context.Context, keys iter.Seq2[variant.Key, error]) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		found := aside(ctx, keys)
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

// batchLinger is how long a batch that is not full waits for more.
const batchLinger = time.Second

// limits of a batch: of what a server takes in one job only a part, so that little
// is lost when the server restarts.
const (
	batchKeys  = 5000
	batchBytes = 1 << 20
)

// batches are the keys of found, many at a time. An error comes with those before
// it, and is the last.
func batches(ctx context.Context, found <-chan keyOrError) iter.Seq2[[]variant.Key, error] {
	return func(yield func([]variant.Key, error) bool) {
		for {
			batch, more, err := nextBatch(ctx, found)
			if (len(batch) > 0 || err != nil) && !yield(batch, err) || !more || err != nil {
				return
			}
		}
	}
}

func nextBatch(ctx context.Context, found <-chan keyOrError) (batch []variant.Key, more bool, err error) {
	var full <-chan time.Time // nil until there is a first key
	for bytes := 0; len(batch) < batchKeys && bytes < batchBytes; {
		select {
		case <-ctx.Done():
			return batch, false, ctx.Err()
		case <-full:
			return batch, true, nil
		case k, ok := <-found:
			if !ok || k.err != nil {
				return batch, false, k.err
			}
			if full == nil {
				full = time.After(batchLinger)
			}
			batch, bytes = append(batch, k.key), bytes+len(k.key)
		}
	}
	return batch, true, nil
}

// again reads what f has yet to give, without taking it; nil where that cannot be,
// as of a pipe.
func again(f *os.File) io.Reader {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	return io.NewSectionReader(f, at, max(0, info.Size()-at))
}
