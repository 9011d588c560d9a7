// Package config gives flags their values from a TOML file.
package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
	"github.com/thumbery/thumbery/internal/nearest"
)

// Flag is the path of a TOML file with settings, whose keys are the names of
// flags. What the command line and the environment say takes precedence. A file serves
// all commands: keys that are flags of others are ignored.
type Flag string

// File is that file. The zero value is to be bound to kong, which fills it.
type File struct {
	path    string
	values  map[string]any
	parsing bool
}

// Explain adds the name of the file to an error of kong's that came up while its values
// were parsed.
func (c *File) Explain(err error) error {
	if c.parsing {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	return err
}

// BeforeResolve is called by kong, and reads the file.
func (f Flag) BeforeResolve(k *kong.Kong, ctx *kong.Context, trace *kong.Path, c *File) error {
	c.path = string(ctx.FlagValue(trace.Flag).(Flag))
	if c.path == "" {
		return nil
	}
	data, err := read(c.path)
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	c.parsing = true
	if err := toml.Unmarshal(data, &c.values); err != nil {
		return hideValue(err)
	}
	if err := c.check(settings(k.Model)); err != nil {
		return err
	}
	ctx.AddResolver(c)
	return nil
}

// maxConfig bytes is more than any settings need, and keeps a device or a wrong file out
// of memory.
const maxConfig = 1 << 20

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(data) > maxConfig {
		err = fmt.Errorf("%s: larger than 1 MiB: this is not a file of settings", path)
	}
	return data, err
}

// hideValue leaves out of an error in the file's syntax what stands there: it may be a secret
// without quotes, which would be in the log of a service.
func hideValue(err error) error {
	if e, ok := errors.AsType[toml.ParseError](err); ok {
		return fmt.Errorf("toml: line %d (last key %q): this is not valid TOML: are there quotes around the value, and is there one key of that name?", e.Position.Line, e.LastKey)
	}
	return err
}

// settings are the names of all flags that a file can set: those that can be set in
// the environment, too.
func settings(app *kong.Application) map[string]bool {
	names := map[string]bool{}
	for _, command := range app.Children {
		for _, flag := range command.Flags {
			names[flag.Name] = names[flag.Name] || isSetting(flag)
		}
	}
	return names
}

func isSetting(f *kong.Flag) bool { return len(f.Envs) > 0 }

// check refuses keys that no command knows.
func (c *File) check(known map[string]bool) error {
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		isSetting, exists := known[key]
		switch _, isTable := c.values[key].(map[string]any); {
		case isSetting:
		case isTable:
			return fmt.Errorf("%q is a table: settings are in none, and the names of flags", key)
		case exists:
			return fmt.Errorf("%q can only be given on the command line", key)
		default:
			if near, ok := nearest.Word(key, slices.Sorted(maps.Keys(known))); ok {
				return fmt.Errorf("there is no setting %q; did you mean %q?", key, near)
			}
			return fmt.Errorf("there is no setting %q: see thumbery serve --help, each flag is one", key)
		}
	}
	return nil
}

// Validate implements kong.Resolver.
func (c *File) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver, for flags that are not on the command line.
func (c *File) Resolve(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
	value, ok := c.values[f.Name]
	if !ok || !isSetting(f) || slices.ContainsFunc(f.Envs, inEnvironment) {
		return nil, nil
	}
	switch value := value.(type) {
	case []any:
		return joined(value, f), nil
	case bool:
		if !f.IsBool() {
			return nil, fmt.Errorf("%q is no value for it", fmt.Sprint(value))
		}
		return value, nil
	case map[string]any, []map[string]any:
		return nil, errors.New("must be a value, not a table")
	default:
		return fmt.Sprint(value), nil
	}
}

// joined is a list as the environment would have it.
func joined(values []any, f *kong.Flag) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	if f.IsSlice() {
		return kong.JoinEscaped(texts, f.Tag.Sep)
	}
	return strings.Join(texts, ",")
}

func inEnvironment(name string) bool {
	_, ok := os.LookupEnv(name)
	return ok
}

// BeforeApply is called by kong when all values have been parsed.
func (f Flag) BeforeApply(c *File) error {
	c.parsing = false
	return nil
}
