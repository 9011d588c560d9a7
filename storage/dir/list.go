package dir

import (
	"cmp"
	"context"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// List walks the directory in the order of the keys' bytes, with the names of one
// directory for each level in memory.
//
// Symbolic links to directories are not followed, as there may be cycles. They are passed
// to skipped, in their order, as are broken links, links that lead outside, and, with a slash at
// the end, directories that may not be read, or whose names are too long for keys.
func (o *Origin) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	if skipped == nil {
		skipped = func(string) {}
	}
	return func(yield func(storage.Entry, error) bool) {
		root, err := o.openRoot(ctx)
		if err != nil {
			yield(storage.Entry{}, err)
			return
		}
		defer func() { _ = root.Close() }()
		w := walk{ctx: ctx, root: root, prefix: prefix, skipped: skipped, yield: yield}
		if err := fs.WalkDir(keyOrder{root}, ".", w.visit); err != nil {
			yield(storage.Entry{}, storage.Unavailable(ctx, o.String(), err))
		}
	}
}

// keyOrder has fs.WalkDir walk a directory in the order of the keys' bytes, in which the name of
// a directory has a slash at its end.
type keyOrder struct{ root *os.Root }

func (k keyOrder) Open(name string) (fs.File, error) { return k.root.Open(name) }

func (k keyOrder) ReadDir(name string) ([]fs.DirEntry, error) {
	// O_DIRECTORY: what has become a FIFO is not waited for.
	dir, err := k.root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	entries, err := dir.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(nameInKey(a), nameInKey(b)) })
	return entries, err
}

func nameInKey(d fs.DirEntry) string {
	if d.IsDir() {
		return d.Name() + "/"
	}
	return d.Name()
}

type walk struct {
	ctx     context.Context
	root    *os.Root
	prefix  string
	skipped func(key string)
	yield   func(storage.Entry, error) bool
}

// visit is called by fs.WalkDir for each file and directory, and once more with the error of a
// directory that cannot be read.
func (w *walk) visit(name string, d fs.DirEntry, err error) error {
	switch {
	case w.ctx.Err() != nil:
		return w.ctx.Err()
	case name == ".":
		return err
	case err != nil && isRefusal(err):
		w.skipped(name + "/")
		return nil
	case err != nil && isAbsence(err): // it has been removed
		return nil
	case err != nil:
		return err
	case d.IsDir():
		return w.visitDir(name + "/")
	case !strings.HasPrefix(name, w.prefix) || strings.HasPrefix(d.Name(), tempPrefix):
		return nil
	}
	return w.visitFile(name, d)
}

func (w *walk) visitDir(key string) error {
	switch {
	case !strings.HasPrefix(key, w.prefix) && !strings.HasPrefix(w.prefix, key):
		return fs.SkipDir
	case len(key) > variant.MaxKeyBytes:
		w.skipped(key)
		return fs.SkipDir
	}
	return nil
}

// visitFile gives the entry of a file, or of the one that a symbolic link leads to.
func (w *walk) visitFile(key string, d fs.DirEntry) error {
	info, err := w.root.Stat(key)
	isFile := err == nil && info.Mode().IsRegular()
	if !isFile && d.Type()&fs.ModeSymlink == 0 { // removed, or a socket and the like
		return nil
	}
	if _, err := variant.ParseKey(key); !isFile || err != nil {
		w.skipped(key)
	} else if !w.yield(entry(key, info), nil) {
		return fs.SkipAll
	}
	return nil
}
