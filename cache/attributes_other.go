//go:build !linux

package cache

import (
	"os"
	"time"
)

func getAttribute(*os.File, []byte) (int, error) { return 0, ErrNoOriginMeta }

func setAttribute(*os.File, []byte) error { return ErrNoOriginMeta }

// Times returns when the entry was written and when it was last used, to the hour; zero where
// that is not known, as for an entry in memory.
func (b *Blob) Times() (written, used time.Time) { return written, used }
