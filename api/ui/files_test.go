package ui

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// What is embedded is what the page needs, and nothing that an editor left there.
func TestFiles(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(embedded, "page", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && mediaTypes[path.Ext(name)] == "" && path.Base(name) != "LICENSE" {
			t.Errorf("%s is not served", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h := newPage(t)
	for name, f := range files {
		w := get(h, "/ui/"+name)
		if w.Code != 200 || w.Body.String() != string(f.bytes) || w.Header().Get("Content-Type") != f.mediaType || !strings.Contains(w.Header().Get("Cache-Control"), "max-age") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		r := httptest.NewRequest(http.MethodGet, "/ui/"+name, nil)
		r.Header.Set("If-None-Match", w.Header().Get("ETag"))
		again := httptest.NewRecorder()
		if h.ServeHTTP(again, r); again.Code != http.StatusNotModified {
			t.Errorf("%s again: %d", name, again.Code)
		}
		if !IsFile("/ui/" + name) {
			t.Errorf("%s is no file", name)
		}
	}
	for _, name := range []string{"/ui/api/about", "/ui/picture/60x/a.jpg", "/ui/nothing", "/app.js", "/ui/../app.js", "/ui//app.js", "/UI/app.js"} {
		if IsFile(name) {
			t.Errorf("%s is a file", name)
		}
	}
}

var (
	// inline is what the policy forbids: scripts, handlers and styles in HTML.
	inline = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script(?:\s+type="module")?\s*>`)
	// links are what HTML loads, or a script.
	links = regexp.MustCompile(`(?:\s(?:src|href)="([^"#]+)"|(?:from|import)\s*\(?\s*"(\.[^"]+)")`)
	// otherHost is an address of another host.
	otherHost = regexp.MustCompile(`https?://[\w.-]+`)
	// parsing makes HTML of text.
	parsing = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML|\beval\b|new Function`)
)

// What is vendored is what make ui-vendor gets, with its licence.
func TestVendored(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`(?m)^UPLOT := (\S+)$`).FindSubmatch(makefile)
	if pinned == nil || !bytes.Contains(files["vendor/uplot/uPlot.esm.js"].bytes, []byte("(v"+string(pinned[1])+")")) {
		t.Errorf("the Makefile pins %q", pinned)
	}
	if licence, err := fs.ReadFile(embedded, "page/vendor/uplot/LICENSE"); err != nil || !bytes.Contains(licence, []byte("MIT")) {
		t.Errorf("%q, %v", licence, err)
	}
}

// Nothing in the page is inline, comes from another host, is missing, or is parsed as HTML.
func TestPageIsSafe(t *testing.T) {
	t.Parallel()
	for name, f := range files {
		text := string(f.bytes)
		if found := inline.FindString(text); path.Ext(name) == ".html" && found != "" {
			t.Errorf("%s has %q", name, found)
		}
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			target := path.Join(path.Dir(name), m[1]+m[2])
			if _, ok := files[target]; !ok && path.Ext(name) != ".svg" {
				t.Errorf("%s loads %s, which does not exist", name, target)
			}
		}
		if strings.HasPrefix(name, "vendor/") {
			continue
		}
		for _, found := range otherHost.FindAllString(text, -1) {
			if found != "http://www.w3.org" && found != "https://img.example.com" { // the namespace of SVG, and an example
				t.Errorf("%s names %s", name, found)
			}
		}
		if found := parsing.FindString(text); found != "" {
			t.Errorf("%s has %s", name, found)
		}
	}
}
