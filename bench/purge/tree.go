package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// tree is a set of files that stands in several cache directories, each file
// written to one after the other, so that none lies better than another.
type tree struct {
	dirs  []string
	files int
	now   time.Time
}

// Of each picture there is an original and this many derivatives.
const derivatives = 4

// The sizes go from 4 to 30 KiB, and every third file is old: find's +30 means
// 31 whole days and more.
const (
	minBytes = 4 << 10
	maxBytes = 30 << 10
	old      = 45 * 24 * time.Hour
	young    = 10 * 24 * time.Hour
)

func isOld(i int) bool { return i%3 == 0 }

// left is how many files are not old.
func (t *tree) left() int { return t.files - (t.files+2)/3 }

// fill makes all files, and the journal.
func (t *tree) fill() error {
	for _, dir := range t.dirs {
		for _, tier := range eviction.AllTiers() {
			if _, err := disk.Open(dir, tier.String(), disk.Options{}); err != nil {
				return err
			}
		}
	}
	return t.make(func(int) bool { return true })
}

// refill makes the old files again.
func (t *tree) refill() error { return t.make(isOld) }

func (t *tree) make(which func(int) bool) error {
	body := make([]byte, maxBytes)
	journals := make([]*disk.Journal, len(t.dirs))
	for i, dir := range t.dirs {
		j, err := disk.OpenJournal(dir, disk.Options{NoSync: true})
		if err != nil {
			return err
		}
		journals[i] = j
	}
	for i := range t.files {
		if !which(i) {
			continue
		}
		key := variant.Key(fmt.Sprintf("photos/%04d/%08d.jpg", i/5000, i/(derivatives+1)))
		size := minBytes + int(uint32(i)*2654435761>>8)%(maxBytes-minBytes)
		for d, dir := range t.dirs {
			if err := t.write(filepath.Join(dir, pathOf(key, i)), body[:size], i); err != nil {
				return err
			}
			if i%(derivatives+1) == 0 {
				if err := journals[d].Note(context.Background(), key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func pathOf(key variant.Key, i int) string {
	name, tier := string(key.Name()), disk.Originals
	if k := i % (derivatives + 1); k > 0 {
		sum := sha256.Sum256([]byte{byte(k)})
		name, tier = name+"-"+hex.EncodeToString(sum[:12]), disk.Derivatives
	}
	return filepath.Join(tier, name[:3], name)
}

func (t *tree) write(path string, body []byte, i int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		return err
	}
	age := young
	if isOld(i) {
		age = old
	}
	at := t.now.Add(-age - time.Duration(i)*time.Millisecond)
	return os.Chtimes(path, at, at)
}

// count counts the files of all tiers, which brings their inodes into memory.
func count(dir string) (n int, err error) {
	for _, tier := range eviction.AllTiers() {
		err = filepath.WalkDir(filepath.Join(dir, tier.String()), func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			n++
			_, err = e.Info()
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// printFootprint prints what files take on the disk, with the directories and
// the journal.
func printFootprint(dir string, files int) {
	var bytes, taken, inodes, inTree, journal int64
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		blocks := info.Sys().(*syscall.Stat_t).Blocks * 512
		inodes++
		switch {
		case strings.HasPrefix(path, filepath.Join(dir, "keys")):
			journal += info.Size()
		case e.IsDir():
			inTree += blocks
		default:
			bytes += info.Size()
			taken += blocks
		}
		return nil
	})
	n := int64(files)
	fmt.Printf("%8d files, each: %d bytes take %d on the disk, and %d of directories; %.3f inodes; the journal %d bytes for each picture\n",
		files, bytes/n, taken/n, inTree/n, float64(inodes)/float64(n), journal/max(n/(derivatives+1), 1))
}
