package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/thumbery/thumbery/cache/disk"
)

// The tiers of the cache.
const (
	originals   = disk.Originals
	mezzanines  = disk.Mezzanines
	derivatives = disk.Derivatives
)

// stock counts the files in a tier of the server's cache, and their bytes.
func (s *server) stock(tier string) (files int, bytes int64, err error) {
	return under(filepath.Join(s.cache, tier))
}

// under counts the files below a directory.
func under(dir string) (files int, bytes int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			files, bytes = files+1, bytes+info.Size()
		}
		return err
	})
	return files, bytes, err
}

func (s *setup) measureDisk(ctx context.Context) error {
	for _, set := range s.sets {
		fmt.Printf("# On disk, %s\n", set)
		if err := s.measureStock(ctx, set.photos); err != nil {
			return err
		}
	}
	return nil
}

func (s *setup) measureStock(ctx context.Context, photos []photo) error {
	server, err := s.serve("")
	if err != nil {
		return err
	}
	defer server.end()
	if _, err := server.prime(ctx, keysOf(photos), srcset()); err != nil {
		return err
	}
	each := map[string]float64{} // bytes a picture
	fmt.Printf("%-24s %8s %14s\n", "", "files", "KB a picture")
	for _, tier := range []string{originals, mezzanines, derivatives} {
		files, bytes, err := server.stock(tier)
		if err != nil {
			return err
		}
		each[tier] = float64(bytes) / float64(len(photos))
		fmt.Printf("%-24s %8d %14.0f\n", tier, files, each[tier]/1000)
	}
	project(each)
	return nil
}

// project prints what there is in the long run, where so many pictures are new every
// day and all else is kept for 30 days.
func project(each map[string]float64) {
	const pictures, days, few = 1000, 30, 2
	total := func(ofOriginals float64, kept ...string) float64 {
		sum := ofOriginals * each[originals]
		for _, tier := range kept {
			sum += days * each[tier]
		}
		return sum * pictures / 1e9
	}
	first := total(days, derivatives)
	fmt.Printf("%d new pictures a day, all sizes asked for, kept %d days:\n", pictures, days)
	for _, row := range []struct {
		name string
		gb   float64
	}{
		{fmt.Sprintf("originals %d days, no mezzanines", days), first},
		{fmt.Sprintf("originals %d days, mezzanines", days), total(days, mezzanines, derivatives)},
		{fmt.Sprintf("originals %d days, mezzanines", few), total(few, mezzanines, derivatives)},
	} {
		fmt.Printf("%-36s %8.1f GB %6.2f\n", row.name, row.gb, row.gb/first)
	}
	fmt.Println()
}
