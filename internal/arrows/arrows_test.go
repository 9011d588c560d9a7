// Package arrows holds the directions in which packages may depend on each
// other. It has nothing but a test.
package arrows

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/thumbery/thumbery/"

// ban says that the packages on the left, with all that they need, must not
// need those on the right. Patterns are of path.Match, "x/..." is x and all
// below it; without a dot in their first element they are ours or the standard
// library's.
type ban struct {
	from   []string
	to     []string
	except []string // of from
	reason string
}

var bans = []ban{
	{
		from: []string{"variant"}, to: []string{"github.com/...", "golang.org/...", "google.golang.org/...", "os/exec", "net/http", "C"},
		reason: "templates of other people's programs link it: the standard library only, and not a server",
	},
	{
		from: []string{"cache/...", "storage/..."}, to: []string{"resize/...", "info", "pipeline", "api", "metrics", "cmd/..."},
		reason: "the cache and the origins know bytes under names, not pictures, and nobody above them",
	},
	{
		from: []string{"cache/..."}, to: []string{"storage/..."},
		reason: "the cache does not know where its bytes come from",
	},
	{
		from: []string{"storage/..."}, to: []string{"cache/..."},
		reason: "an origin does not know who keeps its bytes",
	},
	{
		from: []string{"resize/..."}, to: []string{"cache/...", "storage/...", "info", "pipeline", "api", "metrics", "cmd/..."},
		reason: "making a picture needs no disk, no origin and nobody above",
	},
	{
		from: []string{"info"}, to: []string{"cache/...", "storage/...", "pipeline", "api", "metrics", "cmd/...", "resize/vips"},
		reason: "what is said about a picture is worked out of its bytes, with whatever engine there is",
	},
	{
		from: []string{"pipeline"}, to: []string{"api", "metrics", "cmd/...", "cache/disk", "storage/s3", "storage/dir", "resize/vips"},
		reason: "the pipeline speaks to interfaces; cmd chooses what is behind them",
	},
	{
		from: []string{"api"}, to: []string{"metrics", "cmd/...", "cache/disk", "storage/s3", "storage/dir", "resize/vips"},
		reason: "the edge speaks to the pipeline only; cmd chooses what is behind it",
	},
	{
		from: []string{"..."}, to: []string{"net/http"}, except: []string{"api", "metrics", "storage/s3", "storage/s3/...", "cmd/...", "internal/...", "e2e/..."},
		reason: "HTTP is for the edge, and for the transport of S3",
	},
	{
		from: []string{"..."}, to: []string{"github.com/h2non/bimg"}, except: []string{"resize/vips", "cmd/..."},
		reason: "bimg starts libvips when it is imported: one package does",
	},
	{
		from: []string{"..."}, to: []string{"C"}, except: []string{"resize/vips", "cmd/..."},
		reason: "all but the engine builds and tests without a C compiler",
	},
	{
		from: []string{"..."}, to: []string{"github.com/minio/minio-go/..."}, except: []string{"storage/s3", "cmd/...", "internal/...", "e2e/..."},
		reason: "one package knows the S3 client, besides what tests are made of",
	},
	{
		from: []string{"..."}, to: []string{"github.com/failsafe-go/..."}, except: []string{"storage", "storage/...", "pipeline", "api", "metrics", "cmd/...", "internal/...", "e2e/..."},
		reason: "breakers and retries are the business of storage",
	},
	{
		from: []string{"..."}, to: []string{"github.com/peterbourgon/diskv/..."}, except: []string{"cache/disk", "cmd/..."},
		reason: "one package knows diskv and its traps",
	},
	{
		from: []string{"..."}, to: []string{"github.com/maypok86/otter/..."}, except: []string{"cache", "cache/...", "pipeline", "api", "metrics", "cmd/..."},
		reason: "the memory tier is behind cache.Hot",
	},
	{
		from: []string{"..."}, to: []string{"github.com/go-chi/...", "github.com/dunglas/..."}, except: []string{"api", "cmd/..."},
		reason: "only the edge knows the router",
	},
	{
		from: []string{"..."}, to: []string{"github.com/bbrks/...", "github.com/bep/..."}, except: []string{"info", "pipeline", "api", "metrics", "cmd/..."},
		reason: "one package knows how pictures are hashed, and what cameras write into them",
	},
	{
		from: []string{"..."}, to: []string{"github.com/prometheus/..."}, except: []string{"metrics", "cmd/..."},
		reason: "only metrics knows Prometheus",
	},
	{
		from: []string{"cache/...", "storage/...", "variant", "metrics"}, to: []string{"image/..."}, except: []string{"cache/cachetest"},
		reason: "these know no pictures",
	},
	{
		from: []string{"storage/s3"}, to: []string{"storage/dir"},
		reason: "children know their parent, not each other",
	},
	{
		from: []string{"storage/dir"}, to: []string{"storage/s3"},
		reason: "children know their parent, not each other",
	},
	{
		from: []string{"..."}, to: []string{"github.com/alecthomas/...", "github.com/coreos/...", "github.com/schollz/..."}, except: []string{"cmd/..."},
		reason: "only the command knows its parser and systemd",
	},
}

// benchmarks are programs of ours that wire things, as cmd does, and that
// nothing needs.
var benchmarks = []string{"internal/bench/..."}

// parents hold the interfaces and the pure parts, children one vendor each; a
// parent that needs its child has let the vendor in.
var parents = []string{"cache", "storage", "resize"}

func TestArrows(t *testing.T) {
	readSources(t)
	needs := dependencies(t)
	for _, b := range bans {
		for from, deps := range needs {
			if !matchesAny(b.from, from) || matchesAny(b.except, from) || matchesAny(benchmarks, from) {
				continue
			}
			for _, to := range deps {
				if to != from && matchesAny(b.to, to) {
					t.Errorf("%s needs %s: %s", from, to, b.reason)
				}
			}
		}
	}
	for _, parent := range parents {
		for _, to := range needs[parent] {
			if strings.HasPrefix(to, parent+"/") {
				t.Errorf("%s needs its child %s", parent, to)
			}
		}
	}
	for _, must := range append(parents, "variant", "info", "pipeline", "api", "cmd/thumbery") {
		if len(needs[must]) == 0 {
			t.Errorf("%s was not looked at", must)
		}
	}
}

// readSources opens every source file: what a test has opened decides whether
// its result may come from go test's cache, which does not see go list.
func readSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" && d.Name() != "go.mod" {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return f.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dependencies lists what each of our packages needs, directly or not; ours
// without the module's path.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}{{if .CgoFiles}} C{{end}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	needs := map[string][]string{}
	cgo := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(strings.ReplaceAll(line, module, ""))
		needs[fields[0]] = fields[1:]
		cgo[fields[0]] = fields[len(fields)-1] == "C"
	}
	// The standard library's own cgo (net, os/user) has pure Go in its place;
	// what counts is cgo of ours or of a vendor.
	for from, deps := range needs {
		needs[from] = slices.DeleteFunc(deps, func(to string) bool { return to == "C" })
		if cgo[from] || slices.Contains(deps, "github.com/h2non/bimg") {
			needs[from] = append(needs[from], "C")
		}
	}
	return needs
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

func matches(pattern, pkg string) bool {
	if pattern == "..." {
		return true
	}
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == tree || strings.HasPrefix(pkg, tree+"/")
	}
	ok, err := path.Match(pattern, pkg)
	return ok && err == nil
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		pattern, pkg string
		want         bool
	}{
		{"...", "x", true},
		{"cache/...", "cache", true},
		{"cache/...", "cache/disk", true},
		{"cache/...", "cachex", false},
		{"api", "api", true},
		{"api", "api/x", false},
		{"github.com/h2non/bimg", "github.com/h2non/bimg", true},
	} {
		if got := matches(tt.pattern, tt.pkg); got != tt.want {
			t.Errorf("matches(%q, %q) = %v", tt.pattern, tt.pkg, got)
		}
	}
}
