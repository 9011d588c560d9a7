package config

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/thumbery/thumbery/internal/nearest"
)

const exposedSecret = "a secret on the command line can be read by every user of this machine: give it in the environment"

// LogExposedSecrets warns of the flags with the tag "secret" that were given on the command
// line.
func LogExposedSecrets(ctx *kong.Context, log *slog.Logger) {
	for _, f := range exposedSecrets(ctx) {
		log.Warn(exposedSecret, "flag", "--"+f.Name, "variable", f.Envs[0])
	}
}

// PrintExposedSecrets is LogExposedSecrets for commands without a log.
func PrintExposedSecrets(ctx *kong.Context, stderr io.Writer) {
	for _, f := range exposedSecrets(ctx) {
		fmt.Fprintf(stderr, "thumbery: warning: --%s: %s, as %s\n", f.Name, exposedSecret, f.Envs[0])
	}
}

// exposedSecrets has each flag once.
func exposedSecrets(ctx *kong.Context) (flags []*kong.Flag) {
	for _, p := range ctx.Path {
		if p.Flag != nil && !p.Resolved && p.Flag.Tag.Has("secret") && !slices.Contains(flags, p.Flag) {
			flags = append(flags, p.Flag)
		}
	}
	return flags
}

// isSecret reports whether a flag of some command has the tag "secret" and this name, or
// one that was meant by it: "serve.hook_secret" is a mistake for "hook-secret".
func isSecret(key string, app *kong.Application) bool {
	var secrets []string
	for _, command := range app.Children {
		for _, f := range command.Flags {
			if f.Tag.Has("secret") {
				secrets = append(secrets, f.Name)
			}
		}
	}
	name := key[strings.LastIndexByte(key, '.')+1:]
	_, isNear := nearest.Word(name, secrets)
	return isNear || slices.Contains(secrets, name)
}
