// Command thumbery resizes images on the fly in front of S3. This package has the
// subcommands, the wiring of the packages, and printing; internal/settings has the flags that
// subcommands share. It contains no request logic; the engines of the subcommands are packages
// of their own.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/completion"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/config"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/manual"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
)

type cli struct {
	Config config.Flag `complete:"file" placeholder:"FILE" help:"TOML file with settings, whose keys are the names of flags. Flags and environment variables take precedence. See deploy/thumbery.toml."`

	Serve   serveCmd   `cmd:"" help:"Serve pictures."`
	Purge   purgeCmd   `cmd:"" help:"Evict old files from the cache, or forget pictures. For cron; a server may run meanwhile."`
	URL     urlCmd     `cmd:"" name:"url" help:"Print the URL path of a picture, in its canonical spelling, and signed if there is a key."`
	Explain explainCmd `cmd:"" help:"Ask a running server on this machine why a picture looks as it does: what its URL means, how it is made, what is cached, what clients get."`
	Prime   primeCmd   `cmd:"" help:"Generate derivatives in advance, here or in a running server."`
	Migrate migrateCmd `cmd:"" help:"Copy originals from one backend to another, such as from a disk to S3, while a server runs."`
	Doctor  doctorCmd  `cmd:"" help:"Check what serving needs: libvips, memory, the cache directory, the backends. Say what is slow or wrong, and what to do."`
	Health  healthCmd  `cmd:"" help:"Ask a running server on this machine whether it is well: for HEALTHCHECK of containers, and probes by command."`
	Version versionCmd `cmd:"" help:"Print versions, and the formats that can be read and written."`

	Completion completion.Command `cmd:"" help:"Print the script by which a shell completes commands, flags and values."`
	Complete   completion.Request `cmd:"" hidden:""`
	Manual     manual.Command     `cmd:"" hidden:""`
}

const description = `Thumbery resizes images on the fly in front of S3, and keeps originals and results in a disk cache.

Most flags can be set in the environment, too, by the variable that their help names (separate the values of a repeatable one by spaces), and in a file: see --config.`

// groups are those of the flags in --help.
var groups = []kong.Group{
	{Key: "server", Title: "Server: where it listens, and what it logs"},
	{Key: "origins", Title: "Origins: where originals are, and what happens when they cannot be had"},
	{Key: "cache", Title: "Cache: what is kept, and when it is purged"},
	{Key: "pictures", Title: "Pictures: what derivatives look like"},
	{Key: "limits", Title: "Limits: what may be requested, and what it may cost"},
	{Key: "proxy", Title: "Front proxy: what browsers, caches and web servers in front are told"},
	{Key: "cluster", Title: "Cluster: other nodes"},
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program, and returns its exit code, but for --help, which ends it.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	err := runCommand(args, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "thumbery:", err)
	}
	return exit.Code(err)
}

func runCommand(args []string, stdout, stderr io.Writer) error {
	ctx, err := newParser(stdout, stderr).Parse(args)
	if err == nil {
		err = settings.CheckRanges(ctx.Flags())
	}
	if err != nil {
		return exit.Usage(err)
	}
	if ctx.Command() != "serve" { // which has a log
		for _, warning := range settings.ExposedSecrets(ctx) {
			fmt.Fprintln(stderr, "thumbery: warning:", warning)
		}
	}
	return ctx.Run()
}

func newParser(stdout, stderr io.Writer, options ...kong.Option) *kong.Kong {
	return kong.Must(&cli{}, append([]kong.Option{
		kong.Name("thumbery"), kong.Description(description), kong.DefaultEnvars("THUMBERY"), settings.Defaults(), kong.ExplicitGroups(groups),
		kong.Writers(stdout, stderr), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.PostBuild(hideUnused),
		kong.BindTo(stdout, (*io.Writer)(nil)),
	}, options...)...)
}

// lines is where a command prints its progress where no terminal shows it: above its summary on
// standard output, which cron discards, but with --json, which is for programs, on standard error.
func lines(stdout io.Writer, asJSON bool) io.Writer {
	if asJSON {
		return os.Stderr
	}
	return stdout
}
