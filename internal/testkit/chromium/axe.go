package chromium

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// axe-core finds what keeps people with disabilities from using a page.
const (
	axeVersion = "4.14.1"
	axeSum     = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c" // SHA-256 of axe.min.js
)

// Violation is a rule that a page breaks.
type Violation struct {
	ID, Impact, Help string
	Nodes            []string // the HTML of those that break it
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
}

// Axe returns the serious and critical findings of axe-core about the page as it is.
func (p *Page) Axe() []Violation {
	p.t.Helper()
	script, err := axe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.do(chromedp.Evaluate[chromedp.Void]("if (!window.axe) {" + script + "}"))
	return Eval[[]Violation](p, `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
		.filter(({ impact }) => impact === "serious" || impact === "critical")
		.map(({ id, impact, help, nodes }) => ({ ID: id, Impact: impact, Help: help, Nodes: nodes.map(({ html, failureSummary }) => html + " " + failureSummary) })))`)
}

// axe returns the script, which npm gets once for all.
var axe = sync.OnceValues(func() (string, error) {
	dir, err := cacheDir("axe-core-" + axeVersion)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := pinned.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	path := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(path); err != nil {
		install := exec.Command("npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "axe-core@"+axeVersion)
		if out, err := install.CombinedOutput(); err != nil {
			return "", fmt.Errorf("npm install axe-core: %w\n%s", err, out)
		}
	}
	script, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if sum := sha256.Sum256(script); hex.EncodeToString(sum[:]) != axeSum {
		return "", fmt.Errorf("%s is another file than axe-core %s has", path, axeVersion)
	}
	return string(script), nil
})
