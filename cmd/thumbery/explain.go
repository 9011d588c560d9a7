package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/explain"
	"github.com/thumbery/thumbery/internal/lifecycle"
)

// explainCmd asks a running server why a picture looks as it does.
type explainCmd struct {
	settings.ClientFlags
	URL    string   `arg:"" name:"url" help:"URL of a picture, or its path, for example /300x200,f_auto/photos/cat.jpg."`
	Accept string   `env:"-" help:"Accept header of the browser, on which f_auto depends, for example image/avif,image/webp."`
	Header []string `env:"-" sep:"none" placeholder:"NAME:VALUE" help:"Another header of the browser: Save-Data, Sec-CH-DPR or Sec-CH-Width. Repeatable."`
	Make   bool     `env:"-" help:"Request the picture first, as a client, and make it in each format that f_auto weighs. Without this nothing is made, fetched or kept."`
	JSON   bool     `env:"-" name:"json" help:"Print the report as JSON, as docs/explain.schema.json describes it."`
}

// Help is shown by explain --help.
func (c *explainCmd) Help() string {
	return `Exit status 0 says that there is a report, also of a picture that a client cannot have: read its status with --json. Exit status 1 says that the server gave none, 2 that the command line is wrong.`
}

// explainTimeout is longer than the server's own limit.
const explainTimeout = 3 * time.Minute

// Run prints the report.
func (c *explainCmd) Run(stdout io.Writer) error {
	path, err := pathOf(c.URL)
	if err != nil {
		return exit.Usage(err)
	}
	header, err := c.header()
	if err != nil {
		return exit.Usage(err)
	}
	path = "/explain" + path
	if c.Make {
		path += "?make=1"
	}
	ctx, cancel := context.WithTimeout(context.Background(), explainTimeout)
	defer cancel()
	body, err := lifecycle.Get(ctx, c.Admin, path, c.AdminToken, header)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = stdout.Write(body)
		return err
	}
	var r explain.Report
	if err := json.Unmarshal(body, &r); err != nil {
		return fmt.Errorf("%s: this is no thumbery of the same version: %w", c.Admin, err)
	}
	printReport(stdout, r)
	return nil
}

// pathOf is the path of a URL, percent-encoded.
func pathOf(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", err
	}
	if u.Host == "" && !strings.HasPrefix(s, "/") {
		return "", fmt.Errorf("%q is neither a URL nor a path: a path begins with a slash", s)
	}
	return u.EscapedPath(), nil
}

func (c *explainCmd) header() (http.Header, error) {
	h := http.Header{}
	if c.Accept != "" {
		h.Set("Accept", c.Accept)
	}
	for _, line := range c.Header {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("--header: %q is not of the form NAME:VALUE", line)
		}
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h, nil
}

func printReport(w io.Writer, r explain.Report) {
	fmt.Fprintf(w, "%s\n", r.Summary)
	for _, s := range r.Sections {
		if s.State == explain.Skipped {
			continue
		}
		name := s.Name
		if s.State != explain.OK {
			name += " (" + string(s.State) + ")"
		}
		fmt.Fprintf(w, "\n%s\n", name)
		for _, line := range s.Text {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
}
