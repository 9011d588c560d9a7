//go:build !linux

package cache

import "os"

func getAttribute(*os.File, []byte) (int, error) { return 0, ErrNoOriginMeta }

func setAttribute(*os.File, []byte) error { return ErrNoOriginMeta }
