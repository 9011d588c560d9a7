// Command pictures draws the files below testdata: photo-like scenes for people and
// benchmarks, and odd files for tests. Everything is drawn by this code, so there are no
// licences or faces to consider.
//
// It needs command line tools for the formats that Go does not write, and names the Debian
// package of a missing one. The files are committed: only those who change them need the
// tools. The same versions of Go and of the tools give the same bytes.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

//go:generate go run . -out ../../testdata

func main() {
	out := flag.String("out", "", "the testdata `directory`")
	only := flag.String("only", "", "make only files whose name contains this `text`")
	flag.Parse()
	log.SetFlags(0)
	if *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := generate(*out, *only); err != nil {
		log.Fatal("pictures: ", err)
	}
}

// generate writes the files whose names contain only, and the list of all.
func generate(out, only string) error {
	t, err := newToolbox()
	if err != nil {
		return err
	}
	defer t.close()
	for _, f := range catalogue() {
		if !strings.Contains(f.name, only) {
			continue
		}
		data, err := f.encode(t)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := write(filepath.Join(out, filepath.FromSlash(f.name)), data); err != nil {
			return err
		}
	}
	return write(filepath.Join(out, "README.md"), []byte(readme(catalogue())))
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
