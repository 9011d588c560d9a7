package failure_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/backoff"
	"github.com/thumbery/thumbery/storage/dir"
	"github.com/thumbery/thumbery/storage/repair"
	"github.com/thumbery/thumbery/variant"
)

// sentinels are all exported errors of the product.
var sentinels = map[string]struct {
	err   error
	class failure.Class
}{
	"variant.ErrOptions":   {variant.ErrOptions, failure.Request},
	"variant.ErrKey":       {variant.ErrKey, failure.Request},
	"variant.ErrForbidden": {variant.ErrForbidden, failure.Request},

	"storage.ErrNotFound":    {storage.ErrNotFound, failure.NotFound},
	"storage.ErrUnavailable": {storage.ErrUnavailable, failure.Unavailable},
	"storage.ErrRefused":     {storage.ErrRefused, failure.Refused},
	"storage.ErrTransient":   {storage.ErrTransient, failure.Server},
	"storage.ErrNotModified": {storage.ErrNotModified, failure.Answered},
	"storage.ErrExists":      {storage.ErrExists, failure.Answered},
	"backoff.ErrUnordered":   {backoff.ErrUnordered, failure.Unknown},
	"repair.ErrDropped":      {repair.ErrDropped, failure.Unknown},

	"header.ErrNotPicture":    {header.ErrNotPicture, failure.Picture},
	"header.ErrBroken":        {header.ErrBroken, failure.Picture},
	"header.ErrTooLarge":      {header.ErrTooLarge, failure.Picture},
	"resize.ErrBytes":         {resize.ErrBytes, failure.Picture},
	"resize.ErrNoMemory":      {resize.ErrNoMemory, failure.Server},
	"resize.ErrTooMuchMemory": {resize.ErrTooMuchMemory, failure.Picture},
	"resize.ErrNoProcess":     {resize.ErrNoProcess, failure.Server},
	"resize.ErrDied":          {resize.ErrDied, failure.Server},

	"originals.ErrTooManyBytes":    {originals.ErrTooManyBytes, failure.Picture},
	"resize.ErrTooSlow":            {resize.ErrTooSlow, failure.Picture},
	"originals.ErrQuarantined":     {originals.ErrQuarantined, failure.Quarantined},
	"originals.ErrTooManyVersions": {originals.ErrTooManyVersions, failure.Request},
	"originals.ErrReadOnly":        {originals.ErrReadOnly, failure.Server},
	"originals.ErrMoved":           {originals.ErrMoved, failure.Server},
	"gate.ErrBusy":                 {gate.ErrBusy, failure.Busy},
	"gate.ErrWaited":               {gate.ErrWaited, failure.Busy},

	"cache.ErrUnreadable": {cache.ErrUnreadable, failure.Server},
	"cache.ErrNotKept":    {cache.ErrNotKept, failure.Server},
	"cache.ErrNoRoom":     {cache.ErrNoRoom, failure.Server},
	// These are for the caller, and no answer to a request.
	"cache.ErrMiss":         {cache.ErrMiss, failure.Unknown},
	"cache.ErrNoOriginMeta": {cache.ErrNoOriginMeta, failure.Unknown},
	"cache.ErrName":         {cache.ErrName, failure.Unknown},
	"cache.ErrGoexit":       {cache.ErrGoexit, failure.Unknown},
	"disk.ErrPurging":       {disk.ErrPurging, failure.Unknown},
	"disk.ErrNoCache":       {disk.ErrNoCache, failure.Unknown},
	"dir.ErrNoDirectory":    {dir.ErrNoDirectory, failure.Unknown},
}

// TestSentinels finds every exported Err variable of these packages in their source,
// so that one without a row fails.
func TestSentinels(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, root := range []string{"variant", "storage", "resize", "pipeline", "cache"} {
		for _, name := range exportedErrors(t, filepath.Join("..", "..", root)) {
			found[name] = true
			row, ok := sentinels[name]
			switch {
			case !ok:
				t.Errorf("%s has no row", name)
			case failure.Of(row.err) != row.class:
				t.Errorf("%s has class %v, want %v", name, failure.Of(row.err), row.class)
			}
		}
	}
	for name := range sentinels {
		if !found[name] {
			t.Errorf("%s does not exist", name)
		}
	}
	if got := failure.Of(&resize.UnsupportedError{Option: "x"}); got != failure.Request {
		t.Errorf("UnsupportedError has class %v", got)
	}
	if got := failure.Of(&variant.Error{Kind: variant.ErrKey}); got != failure.Request {
		t.Errorf("variant.Error has class %v", got)
	}
}

func exportedErrors(t *testing.T, root string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (strings.HasSuffix(d.Name(), "test") || d.Name() == "internal") {
			return fs.SkipDir // fakes and conformance suites, and what package header says again
		}
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
				names = append(names, errorsOf(file.Name.Name, g)...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func errorsOf(pkg string, g *ast.GenDecl) (names []string) {
	for _, spec := range g.Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			if strings.HasPrefix(name.Name, "Err") {
				names = append(names, pkg+"."+name.Name)
			}
		}
	}
	return names
}
