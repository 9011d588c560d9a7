package dir

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// List walks the directory in the order of the keys' bytes, with the names of one
// directory for each level in memory.
//
// Symbolic links to directories are not followed, as there may be cycles. They are passed
// to skipped, in their order, as are broken links, links that lead outside, and
// directories that may not be read; the keys of directories end with a slash there.
func (o *Origin) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		root, err := o.openRoot(ctx)
		if err != nil {
			yield(storage.Entry{}, err)
			return
		}
		defer func() { _ = root.Close() }()
		w := walk{ctx: ctx, origin: o, root: root, prefix: prefix, skipped: skipped, yield: yield}
		if err := w.dir(""); err != nil && !errors.Is(err, errStop) {
			yield(storage.Entry{}, err)
		}
	}
}

// errStop ends a walk when the caller has enough.
var errStop = errors.New("stop")

type walk struct {
	ctx     context.Context
	origin  *Origin
	root    *os.Root
	prefix  string
	skipped func(key string)
	yield   func(storage.Entry, error) bool
}

type node struct {
	key       string // of a directory with a slash at its end, so that it sorts as its files do
	isDir     bool
	isSkipped bool // is passed to skipped
	entry     storage.Entry
}

// dir walks the directory of a key, which ends with a slash or is "".
func (w *walk) dir(key string) error {
	nodes, err := w.nodes(key)
	if err != nil {
		return err
	}
	slices.SortFunc(nodes, func(a, b node) int { return cmp.Compare(a.key, b.key) })
	for i := range nodes {
		if err := w.node(&nodes[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) node(n *node) error {
	if w.ctx.Err() != nil {
		return storage.Unavailable(w.ctx, w.origin.String(), w.ctx.Err())
	}
	if n.isDir && !n.isSkipped {
		return w.dir(n.key)
	}
	if _, err := variant.ParseKey(n.key); n.isSkipped || err != nil {
		w.skip(n.key)
	} else if !w.yield(n.entry, nil) {
		return errStop
	}
	return nil
}

// nodes reads a directory. One that has been removed is empty.
func (w *walk) nodes(key string) ([]node, error) {
	names, dir, err := w.read(key)
	switch {
	case err == nil:
	case key != "" && isRefusal(err):
		w.skip(key)
		return nil, nil
	case key != "" && isAbsence(err):
		return nil, nil
	default:
		return nil, storage.Unavailable(w.ctx, w.origin.String(), err)
	}
	defer func() { _ = dir.Close() }()
	nodes := make([]node, 0, len(names))
	for _, name := range names {
		if n, ok := w.newNode(dir, key, name); ok {
			nodes = append(nodes, n)
		}
		if w.ctx.Err() != nil {
			return nil, storage.Unavailable(w.ctx, w.origin.String(), w.ctx.Err())
		}
	}
	return nodes, nil
}

func (w *walk) read(key string) ([]fs.DirEntry, *os.Root, error) {
	dir, err := w.root.OpenRoot(path.Join(".", key))
	if err != nil {
		return nil, nil, err
	}
	f, err := dir.Open(".")
	if err == nil {
		defer func() { _ = f.Close() }()
		var names []fs.DirEntry
		if names, err = f.ReadDir(-1); err == nil {
			return names, dir, nil
		}
	}
	_ = dir.Close()
	return nil, nil, err
}

// newNode returns a node for an entry that may have keys with the prefix.
func (w *walk) newNode(dir *os.Root, parent string, d fs.DirEntry) (node, bool) {
	key := parent + d.Name()
	switch {
	case d.IsDir():
		key += "/"
		return node{key: key, isDir: true, isSkipped: len(key) > variant.MaxKeyBytes}, strings.HasPrefix(key, w.prefix) || strings.HasPrefix(w.prefix, key)
	case !strings.HasPrefix(key, w.prefix) || strings.HasPrefix(d.Name(), tempPrefix):
		return node{}, false
	case d.Type()&fs.ModeSymlink != 0:
		return w.follow(key), true
	}
	info, err := dir.Lstat(d.Name())
	if err != nil || !info.Mode().IsRegular() { // removed, or a socket and the like
		return node{}, false
	}
	return node{key: key, entry: entry(key, info)}, true
}

// follow is newNode for a symbolic link. Its entry is that of the file it leads to.
func (w *walk) follow(key string) node {
	info, err := w.root.Stat(key)
	switch {
	case err == nil && info.Mode().IsRegular():
		return node{key: key, entry: entry(key, info)}
	case err == nil && info.IsDir():
		return node{key: key + "/", isDir: true, isSkipped: true}
	default:
		return node{key: key, isSkipped: true}
	}
}

func (w *walk) skip(key string) {
	if w.skipped != nil {
		w.skipped(key)
	}
}
