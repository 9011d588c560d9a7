package metrics

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	inScript    = regexp.MustCompile(`\b(?:value|by|samples|growth)\((?:\w+(?:\.\w+)*, )?"(\w+)"(?:, (?:"(\w+)"|\{ (\w+):))?`)
	listOfWork  = regexp.MustCompile(`const work = \{([^}]*)\}`)
	keyOfObject = regexp.MustCompile(`(\w+):`)
)

// Every metric and label that the page reads exists.
func TestPage(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("../api/ui/page/watch/*.js")
	if err != nil {
		t.Fatal(err)
	}
	all, read := labelsOfAll(t), []string{}
	look := func(script, name string, labels ...string) {
		read = append(read, name)
		known, ok := all[namespace+"_"+name]
		if !ok {
			t.Errorf("%s reads %s, which is no metric", script, name)
		}
		for _, label := range labels {
			if label != "" && !slices.Contains(known, label) {
				t.Errorf("%s reads the label %s, which %s has not", script, label, name)
			}
		}
	}
	for _, script := range scripts {
		data, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inScript.FindAllStringSubmatch(string(data), -1) {
			look(script, m[1], m[2:]...)
		}
		if m := listOfWork.FindStringSubmatch(string(data)); m != nil {
			for _, key := range keyOfObject.FindAllStringSubmatch(m[1], -1) {
				look(script, key[1])
			}
		}
	}
	slices.Sort(read)
	if read = slices.Compact(read); len(read) < 15 {
		t.Errorf("the page reads only %s", strings.Join(read, ", "))
	}
}
