// Package thumbery_test holds the test of the directions in which packages may
// depend on each other.
package thumbery_test

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sources"
)

const module = "github.com/thumbery/thumbery/"

// ban says that the packages on the left, and everything that they import, must not
// import those on the right, directly or not. Patterns are those of path.Match, and
// "x/..." is x and everything below it. Our packages are named without the module's
// path; "C" is cgo, of ours or of a vendor.
type ban struct {
	from   []string
	to     []string
	except []string // of from
	reason string
}

// vendors is the pattern of all packages of other modules.
const vendors = "vendors"

// above are the packages on top of the pipeline.
var above = []string{"api/...", "explain", "fallback", "prime", "migrate", "doctor", "cmd/..."}

var bans = []ban{
	{
		from: []string{"variant"}, to: []string{vendors, "os/exec", "net/http", "C"},
		reason: "other programs link it for its links: the standard library only, and no server",
	},
	{
		from: []string{"variant", "internal/failure"}, to: []string{"cache/...", "storage/...", "resize/...", "info", "pipeline/...", "metrics", "internal/panics", "internal/failpoint"},
		reason: "everything else is built on URLs and kinds of errors",
	},
	{
		from: []string{"cache/...", "storage/..."}, to: []string{"resize/...", "info", "pipeline/...", "metrics"},
		reason: "the cache and the origins know names and bytes, not pictures",
	},
	{
		from: []string{"cache/..."}, to: []string{"storage/..."},
		reason: "the cache does not know where its bytes come from",
	},
	{
		from: []string{"storage/..."}, to: []string{"cache/..."},
		reason: "an origin does not know who caches its bytes",
	},
	{
		from: []string{"invalidation/..."}, to: []string{"cache/...", "storage/...", "resize/...", "info", "pipeline/...", "metrics"},
		reason: "what is to be forgotten is told in keys, whatever is kept under them",
	},
	{
		from: []string{"variant", "cache/...", "storage/...", "resize/...", "info", "metrics", "pipeline/..."}, to: []string{"invalidation/..."},
		reason: "only the edge and cmd know that there are other nodes",
	},
	{
		from: []string{"cache/eviction"}, to: []string{"cache", "cache/disk", "cache/shared"},
		reason: "what to evict is a pure function of sizes and times",
	},
	{
		from: []string{"resize/..."}, to: []string{"cache/...", "storage/...", "info", "pipeline/...", "metrics"},
		reason: "resizing needs no disk and no origin",
	},
	{
		from: []string{"resize/header/..."}, to: []string{"resize", "resize/icc", "resize/watermark", "resize/vips"},
		reason: "what a file is, is read from its bytes in Go",
	},
	{
		from: []string{"resize/scans"}, to: []string{vendors, "C", "resize", "resize/header", "resize/icc", "resize/container", "resize/engine", "resize/vips/...", "variant"},
		reason: "the scans of a JPEG are left out as bytes, and vendors are not needed",
	},
	{
		from: []string{"resize/internal/source"}, to: []string{vendors, "resize", "resize/header/...", "resize/container", "resize/icc", "resize/scans", "variant"},
		reason: "how a file is split into its parts does not depend on what is done with them",
	},
	{
		from: []string{"resize/engine", "resize/sandbox/..."}, to: []string{"resize/vips/..."},
		reason: "who talks to an engine in another process does not link it",
	},
	{
		from: []string{"info"}, to: []string{"cache/...", "storage/...", "pipeline/...", "metrics", "resize/vips"},
		reason: "what is said about a picture is computed from its bytes, with any engine",
	},
	{
		from: []string{"pipeline/..."}, to: []string{"metrics", "cache/disk", "storage/s3", "storage/dir", "resize/vips"},
		reason: "the pipeline speaks to interfaces; cmd chooses the implementations",
	},
	{
		from: []string{"variant", "cache/...", "storage/...", "resize/...", "info", "metrics", "pipeline/...", "invalidation/..."}, to: above,
		reason: "only cmd knows the servers and the engines of subcommands",
	},
	{
		from: []string{"pipeline/originals"}, to: []string{"pipeline", "pipeline/derivatives", "pipeline/mezzanines", "pipeline/render"},
		reason: "the steps of a request know neither each other nor the story",
	},
	{
		from: []string{"pipeline/derivatives"}, to: []string{"pipeline", "pipeline/originals", "pipeline/mezzanines", "pipeline/render"},
		reason: "the steps of a request know neither each other nor the story",
	},
	{
		from: []string{"pipeline/render"}, to: []string{"pipeline", "pipeline/originals", "pipeline/derivatives", "pipeline/mezzanines"},
		reason: "the steps of a request know neither each other nor the story",
	},
	{
		from: []string{"pipeline/mezzanines"}, to: []string{"pipeline", "pipeline/derivatives"},
		reason: "a mezzanine is rendered from an original, and that is all it needs",
	},
	{
		from: []string{"pipeline/gate", "pipeline/background"}, to: []string{"pipeline", "pipeline/originals", "pipeline/derivatives", "pipeline/mezzanines", "pipeline/render", "resize/...", "cache/...", "storage/..."},
		reason: "admission and background work know nothing of what they run",
	},
	{
		from: []string{"api/..."}, to: []string{"metrics", "cmd/...", "cache/disk", "storage/s3", "storage/dir", "resize/vips"},
		reason: "the edge speaks to the pipeline; cmd chooses what is behind it",
	},
	{
		from: []string{"api/ui/snippets"}, to: []string{vendors, "net/http", "api", "api/admin", "pipeline/...", "cache/...", "storage/...", "resize/..."},
		reason: "code to be copied is text, made of what the URL language knows",
	},
	{
		from: []string{"explain", "fallback", "prime", "migrate", "doctor"}, to: []string{"api/...", "cmd/..."},
		reason: "engines of subcommands and the fallback image are called by the edge and by cmd, and do not call them",
	},
	{
		from:   []string{"cache", "cache/eviction", "storage", "resize", "resize/header"},
		to:     []string{"cache/disk", "cache/shared", "storage/s3", "storage/dir", "storage/breaker", "storage/hedge", "storage/repair", "storage/backoff", "resize/vips"},
		reason: "parents hold interfaces and what is pure; vendors and mechanisms are in their children",
	},
	{
		from: []string{"cache/disk"}, to: []string{"cache/shared"},
		reason: "one kind of store does not know another",
	},
	{
		from: []string{"cache/shared"}, to: []string{"cache/disk", "cache/eviction"},
		reason: "one kind of store does not know another",
	},
	{
		from: []string{"storage/breaker", "storage/hedge", "storage/repair", "storage/backoff"}, to: []string{"storage/s3", "storage/dir"},
		reason: "a mechanism works with every kind of backend",
	},
	{
		from: []string{"storage/breaker", "storage/backoff"}, to: []string{"storage/breaker", "storage/hedge", "storage/repair", "storage/backoff"},
		reason: "one mechanism does not know another",
	},
	{
		from: []string{"storage/hedge"}, to: []string{"storage/breaker", "storage/repair", "storage/backoff"},
		reason: "one mechanism does not know another",
	},
	{
		from: []string{"storage/repair"}, to: []string{"storage/breaker", "storage/hedge"},
		reason: "one mechanism does not know another, but that repair retries",
	},
	{
		from: []string{"storage/s3"}, to: []string{"storage/dir"},
		reason: "one kind of backend does not know another",
	},
	{
		from: []string{"storage/dir"}, to: []string{"storage/s3"},
		reason: "one kind of backend does not know another",
	},
	{
		from: []string{"..."}, to: []string{"net/http"}, except: []string{"api/...", "prime", "doctor", "metrics", "tracing", "storage/s3/...", "invalidation/...", "internal/lifecycle", "internal/progress", "cmd/...", "internal/testkit/...", "e2e/..."},
		reason: "HTTP is for the edge, for what starts and stops its servers, for the transports of storage, between nodes, and to caches in front; the progress bar's library imports it",
	},
	{
		from: []string{"..."}, to: []string{"github.com/h2non/bimg"}, except: []string{"resize/vips", "cmd/thumbery-worker"},
		reason: "bimg starts libvips when it is imported: one package does",
	},
	{
		from: []string{"..."}, to: []string{"C", "resize/vips/..."}, except: []string{"resize/vips/...", "cmd/thumbery-worker"},
		reason: "everything but the engine and the program around it builds and tests without a C compiler, and starts without libvips",
	},
	{
		from: []string{"cmd/thumbery/internal/completion", "cmd/thumbery/internal/manual"}, to: []string{"variant", "cache/...", "storage/...", "resize/...", "pipeline/...", "cmd/thumbery/internal/settings", "cmd/thumbery/internal/values"},
		reason: "what completes and describes flags reads them from the parser, whatever they are",
	},
	{
		from: []string{"cmd/thumbery-worker"}, to: []string{"api/...", "explain", "fallback", "prime", "migrate", "doctor", "pipeline/...", "cache/...", "storage/...", "metrics", "net/http", "cmd/thumbery"},
		reason: "what a picture may take over has nothing in it but what makes pictures",
	},
	{
		from: []string{"..."}, to: []string{"github.com/minio/minio-go/..."}, except: []string{"storage/s3/...", "cmd/...", "internal/testkit/...", "e2e/..."},
		reason: "one package knows the S3 client, besides what tests are made of",
	},
	{
		from: []string{"..."}, to: []string{"github.com/peterbourgon/diskv/..."}, except: []string{"cache/disk", "migrate", "doctor", "cmd/..."},
		reason: "one package knows diskv and its traps",
	},
	{
		from: []string{"..."}, to: []string{"github.com/maypok86/otter/..."}, except: []string{"cache/...", "pipeline/...", "api/...", "explain", "fallback", "prime", "migrate", "doctor", "metrics", "cmd/..."},
		reason: "one package knows the library of the memory cache",
	},
	{
		from: []string{"..."}, to: []string{"github.com/sony/gobreaker/..."}, except: []string{"cache/shared", "pipeline/...", "api/...", "explain", "fallback", "prime", "migrate", "doctor", "cmd/..."},
		reason: "one package knows this circuit breaker: that of origins is storage/breaker",
	},
	{
		from: []string{"cache/eviction"}, to: []string{"github.com/maypok86/otter/..."},
		reason: "one package knows the library of the memory cache",
	},
	{
		from: []string{"..."}, to: []string{"github.com/go-chi/...", "github.com/dunglas/..."}, except: []string{"api/...", "cmd/..."},
		reason: "only the edge knows the router",
	},
	{
		from: []string{"..."}, to: []string{"github.com/bbrks/...", "go.n16f.net/..."}, except: []string{"info", "pipeline/...", "api/...", "explain", "fallback", "prime", "metrics", "cmd/..."},
		reason: "one package knows how pictures are hashed",
	},
	{
		from: []string{"..."}, to: []string{"github.com/prometheus/..."}, except: []string{"metrics", "cmd/..."},
		reason: "only metrics knows Prometheus",
	},
	{
		from: []string{"..."}, to: []string{"github.com/chromedp/..."}, except: []string{"internal/testkit/chromium", "e2e/page"},
		reason: "a browser is for the tests of the page",
	},
	{
		from: []string{"..."}, to: []string{"go.opentelemetry.io/..."}, except: []string{"tracing", "cmd/...", "internal/testkit/collector"},
		reason: "only tracing knows OpenTelemetry",
	},
	{
		from: []string{"variant", "cache/...", "storage/...", "resize/...", "info", "metrics", "pipeline/...", "invalidation/...", "api/...", "fallback", "prime", "migrate", "doctor"}, to: []string{"tracing"},
		reason: "who is traced says so to an observer of its own; cmd connects it",
	},
	{
		from: []string{"tracing"}, to: append([]string{"variant", "cache/...", "storage/...", "resize/...", "info", "pipeline/...", "metrics"}, above...),
		reason: "a trace has names, times and errors, whatever they are of",
	},
	{
		from: []string{"..."}, to: []string{"github.com/landlock-lsm/...", "github.com/elastic/..."}, except: []string{"resize/sandbox/walls", "resize/sandbox/worker", "cmd/thumbery-worker"},
		reason: "one package knows how a process is kept from everything, and the server is no such process",
	},
	{
		from: []string{"cache/...", "storage/...", "variant", "metrics"}, to: []string{"image/..."}, except: []string{"cache/cachetest"},
		reason: "these know no pictures",
	},
	{
		from: []string{"..."}, to: []string{"github.com/alecthomas/..."}, except: []string{"cmd/..."},
		reason: "only the command knows its parser",
	},
	{
		from: []string{"..."}, to: []string{"github.com/schollz/..."}, except: []string{"internal/progress", "cmd/..."},
		reason: "one package knows the terminal",
	},
	{
		from: []string{"..."}, to: []string{"github.com/coreos/..."}, except: []string{"internal/lifecycle", "cmd/..."},
		reason: "one package knows systemd",
	},
	{
		from: []string{"internal/logbuf", "internal/lifecycle", "internal/progress", "internal/summary"}, to: append([]string{"variant", "cache/...", "storage/...", "resize/...", "info", "pipeline/...", "invalidation/...", "metrics"}, above...),
		reason: "how a process starts, logs, reports and stops has nothing to do with pictures",
	},
}

func TestArrows(t *testing.T) {
	sources.Open(t, ".")
	imports := dependencies(t)
	for _, b := range bans {
		for from, deps := range imports {
			if !matchesAny(b.from, from) || matchesAny(b.except, from) {
				continue
			}
			for _, to := range deps {
				if to != from && matchesAny(b.to, to) {
					t.Errorf("%s imports %s: %s", from, to, b.reason)
				}
			}
		}
	}
	for _, must := range []string{"variant", "cache", "storage", "resize", "info", "pipeline", "api", "cmd/thumbery"} {
		if len(imports[must]) == 0 {
			t.Errorf("%s was not looked at", must)
		}
	}
}

// dependencies lists what each of our packages imports, directly or not.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}{{if .CgoFiles}} C{{end}}`, "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := map[string][]string{}
	cgo := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(strings.ReplaceAll(line, module, ""))
		imports[fields[0]] = fields[1:]
		cgo[fields[0]] = fields[len(fields)-1] == "C"
	}
	// Where the standard library uses cgo (net, os/user) it also works without; what
	// counts is the cgo of ours and of vendors.
	for from, deps := range imports {
		imports[from] = slices.DeleteFunc(deps, func(to string) bool { return to == "C" })
		if cgo[from] || slices.Contains(deps, "github.com/h2non/bimg") {
			imports[from] = append(imports[from], "C")
		}
	}
	return imports
}

// A ban on a package that has been renamed or removed would forbid nothing.
func TestBansNamePackages(t *testing.T) {
	imports := dependencies(t)
	for _, b := range bans {
		for _, pattern := range slices.Concat(b.from, b.to, b.except) {
			ours, _, _ := strings.Cut(pattern, "/")
			if _, err := os.Stat(ours); err != nil { // of the standard library, or a vendor's
				continue
			}
			if !slices.ContainsFunc(slices.Collect(maps.Keys(imports)), func(pkg string) bool { return matches(pattern, pkg) }) {
				t.Errorf("%q matches no package: %s", pattern, b.reason)
			}
		}
	}
	for _, pattern := range above {
		if _, err := os.Stat(strings.TrimSuffix(pattern, "/...")); err != nil {
			t.Errorf("%q matches no package: %v", pattern, err)
		}
	}
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

func matches(pattern, pkg string) bool {
	switch pattern {
	case "...":
		return true
	case vendors:
		host, _, _ := strings.Cut(pkg, "/")
		return strings.Contains(host, ".")
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
		{vendors, "github.com/h2non/bimg", true},
		{vendors, "net/http", false},
		{"github.com/h2non/bimg", "github.com/h2non/bimg", true},
	} {
		if got := matches(tt.pattern, tt.pkg); got != tt.want {
			t.Errorf("matches(%q, %q) = %v", tt.pattern, tt.pkg, got)
		}
	}
}
