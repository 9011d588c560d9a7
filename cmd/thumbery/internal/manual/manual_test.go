package manual

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

type grammar struct {
	Do struct {
		Hyphen  string `arg:"" name:"a-b" help:".B is no request, nor is 'this'."`
		Slash   string `help:"'\\n and \\fB are no escapes." placeholder:"\\x" default:"\\d"`
		Sharpen bool   `negatable:"" short:"s" group:".SH group" help:"…"`
		Old     string `hidden:""`
	} `cmd:"" help:".TH Does it: well. And more."`
	Nothing struct{} `cmd:"" hidden:""`
}

// Whatever stands in the help texts stands in the pages, and is no command there.
func TestPagesEscape(t *testing.T) {
	t.Parallel()
	pages, err := Pages(kong.Must(&grammar{}, kong.Name("x"), kong.Description("It is.\n\nSecond\nline.\n\n    .example \\c\n    --two")).Model)
	if err != nil || len(pages) != 2 {
		t.Fatalf("there are %d pages, %v", len(pages), err)
	}
	for name, want := range map[string][]string{
		"x":    {"\n.SH NAME\nx \\- ", "\nIt is.\n.PP\nSecond line.\n.PP\n.nf\n    .example \\ec\n    \\-\\-two\n.fi\n", "\n.BR x\\-do (1)\n\\&.TH Does it: well. And more.\n"},
		"x-do": {"\nx\\-do \\- .TH Does it\n", "\n\\&.B is no request, nor is 'this'.\n", "\n\\fB\\-\\-slash\\fR=\\fI\\ex\\fR\n\\&'\\en and \\efB are no escapes.\n.br\nDefault: \\ed.\n", "\n\\fB\\-s\\fR, \\fB\\-\\-sharpen\\fR, \\fB\\-\\-no\\-sharpen\\fR\n\\&...\n"},
	} {
		for _, text := range want {
			if !strings.Contains(pages[name], text) {
				t.Errorf("%s(1) has no %q:\n%s", name, text, pages[name])
			}
		}
		groff := exec.Command("groff", "-man", "-Tutf8", "-K", "utf8", "-ww", "-z")
		groff.Stdin = strings.NewReader(pages[name])
		if out, err := groff.CombinedOutput(); groff.Err == nil && (err != nil || len(out) > 0) {
			t.Errorf("%s(1): %v, %s", name, err, out)
		}
	}
	if strings.Contains(pages["x-do"], "old") {
		t.Error("a hidden flag is shown")
	}
}
