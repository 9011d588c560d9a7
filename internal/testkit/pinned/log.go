package pinned

import (
	"bytes"
	"sync"
)

// Log keeps the first 64 KiB of a server's output. Its zero value is empty.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const logLimit = 64 << 10

func (b *Log) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Write(p[:min(len(p), max(0, logLimit-b.buf.Len()))])
	return len(p), nil
}

func (b *Log) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
