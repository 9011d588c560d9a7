package pipeline

import (
	"hash/crc32"
	"io"

	"github.com/thumbery/thumbery/cache"
)

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is Result.Sum.
func sum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// sumOf is the sum of a body on disk.
func sumOf(b *cache.Blob) (uint32, error) {
	h := crc32.New(castagnoli)
	_, err := io.Copy(h, io.NewSectionReader(b.At(), 0, b.Size))
	return h.Sum32(), err
}
