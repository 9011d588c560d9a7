// Package chromium runs Debian's Chromium, without a window, for tests of pages. What a page
// does wrong while a test looks at it (an error in its console, a request to another host, a
// violation of its policy) fails the test.
package chromium

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// limit is how long anything may take in the browser. It is generous, for busy machines.
const limit = 3 * time.Minute

// Browser is a running Chromium, for all tests of a package.
type Browser struct{ ctx context.Context }

// names are those of Debian's package, and of others'.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

// Start starts Chromium. It ends with the test, or with the run that t is of.
func Start(t pinned.T) *Browser {
	t.Helper()
	pinned.NotShort(t)
	path, err := find()
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(t.TempDir(), "chromium")), chromedp.DisableGPU,
		// A container has no user namespaces for its sandbox, and the pages are ours.
		chromedp.NoSandbox,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true), chromedp.Flag("hide-scrollbars", true),
		// Nothing that Chromium or a page asks for reaches another host.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	allocator, end := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(end)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{ctx}
}

func find() (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no Chromium: tools/install.sh test installs it")
}

// cacheDir is where files of npm are kept.
func cacheDir(name string) (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "thumbery", name), err
}
