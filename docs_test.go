package thumbery_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeBlock = regexp.MustCompile("(?s)```.*?```")
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	source    = regexp.MustCompile("`([a-z][\\w/-]*\\.(?:go|c|h))`")
)

// TestDocsLinks: every relative link in the README and in docs/ leads to a file and a
// heading that exist.
func TestDocsLinks(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, "README.md")
	anchors := map[string]map[string]bool{}
	for _, page := range pages {
		anchors[page] = headingsOf(t, page)
	}
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(prose(t, page), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", page, m[1], err)
			} else if anchor != "" && !anchors[target][anchor] {
				t.Errorf("%s: %s: no such heading", page, m[1])
			}
		}
	}
}

// TestDocsFiles: every source file that docs/architecture.md names exists.
func TestDocsFiles(t *testing.T) {
	for _, m := range source.FindAllStringSubmatch(prose(t, "docs/architecture.md"), -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("docs/architecture.md: %v", err)
		}
	}
}

// prose is a page without its code blocks.
func prose(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return codeBlock.ReplaceAllString(string(text), "")
}

// headingsOf returns the anchors that GitHub makes of a page's headings.
func headingsOf(t *testing.T, page string) map[string]bool {
	anchors := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(prose(t, page), -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(m[1]), "")
		anchors[strings.ReplaceAll(slug, " ", "-")] = true
	}
	return anchors
}

// TestLicences: each library is a package of its own, and its archive has the licence.
func TestLicences(t *testing.T) {
	want, err := os.ReadFile("LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	copies, err := filepath.Glob("clients/*/LICENSE")
	if err != nil || len(copies) != 4 {
		t.Errorf("licences of libraries: %v, %v", copies, err)
	}
	for _, name := range copies {
		if got, err := os.ReadFile(name); err != nil || string(got) != string(want) {
			t.Errorf("%s is not the LICENSE (%v)", name, err)
		}
	}
}

// TestDocsExamples: docs/templates.md shows the pages that the tests run.
func TestDocsExamples(t *testing.T) {
	page, err := os.ReadFile("docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("clients/examples/*/*")
	if err != nil || len(files) != 3 {
		t.Errorf("examples: %v, %v", files, err)
	}
	for _, file := range files {
		if code, err := os.ReadFile(file); err != nil || !strings.Contains(string(page), "\n"+string(code)+"```\n") {
			t.Errorf("docs/templates.md does not have %s as it is (%v)", file, err)
		}
	}
}
