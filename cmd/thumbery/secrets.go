package main

import (
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/alecthomas/kong"
)

// exposedSecrets are the flags with the tag "secret" that were given on the command
// line, and not in the environment: each once.
func exposedSecrets(ctx *kong.Context) (flags []*kong.Flag) {
	for _, p := range ctx.Path {
		if p.Flag != nil && !p.Resolved && p.Flag.Tag.Has("secret") && !slices.Contains(flags, p.Flag) {
			flags = append(flags, p.Flag)
		}
	}
	return flags
}

const exposedSecret = "a secret on the command line can be read by every user of this machine: give it in the environment"

func logExposedSecrets(ctx *kong.Context, log *slog.Logger) {
	for _, f := range exposedSecrets(ctx) {
		log.Warn(exposedSecret, "flag", "--"+f.Name, "variable", f.Envs[0])
	}
}

// printExposedSecrets is for commands without a log.
func printExposedSecrets(ctx *kong.Context, stderr io.Writer) {
	for _, f := range exposedSecrets(ctx) {
		fmt.Fprintf(stderr, "thumbery: warning: --%s: %s, as %s\n", f.Name, exposedSecret, f.Envs[0])
	}
}
