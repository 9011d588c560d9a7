package prime

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/thumbery/thumbery/internal/excerpt"
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
		found := prefetch(ctx, keys)
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

func prefetch(ctx context.Context, keys iter.Seq2[variant.Key, error]) <-chan keyOrError {
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

// Rereadable gives what f has yet to give, without taking it; nil where that cannot
// be, as of a pipe.
func Rereadable(f *os.File) io.Reader {
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
