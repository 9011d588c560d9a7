// Package config gives flags their values from a TOML file.
package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
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

// BeforeResolve is called by kong, and reads the file.
func (f Flag) BeforeResolve(k *kong.Kong, ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(Flag))
	if path == "" {
		return nil
	}
	c := &file{path: path}
	_, err := toml.DecodeFile(path, &c.values)
	if e, ok := errors.AsType[toml.ParseError](err); ok {
		// What stands there may be a secret without quotes, which would be in the log of a service.
		return fmt.Errorf("%s: line %d (last key %q) is not valid TOML: a value may lack its quotes, or a key may be there twice", path, e.Position.Line, e.LastKey)
	}
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	ctx.AddResolver(c)
	return c.check(settings(k.Model))
}

// settings are the names of all flags, and whether a file can set them.
func settings(app *kong.Application) map[string]bool {
	names := map[string]bool{}
	for _, command := range app.Children {
		for _, flag := range command.Flags {
			names[flag.Name] = names[flag.Name] || isSetting(flag)
		}
	}
	return names
}

// isSetting reports whether a file can set a flag: if the environment can.
func isSetting(f *kong.Flag) bool { return len(f.Envs) > 0 }

// file implements kong.Resolver.
type file struct {
	path   string
	values map[string]any
}

// check refuses keys that no command knows.
func (c *file) check(known map[string]bool) error {
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		isSetting, exists := known[key]
		switch _, isTable := c.values[key].(map[string]any); {
		case isSetting:
		case isTable:
			return fmt.Errorf("%s: %q is a table: settings stand outside of tables, by the names of flags", c.path, key)
		case exists:
			return fmt.Errorf("%s: %q can only be given on the command line", c.path, key)
		default:
			if near, ok := nearest.Word(key, slices.Sorted(maps.Keys(known))); ok {
				return fmt.Errorf("%s: there is no setting %q; did you mean %q?", c.path, key, near)
			}
			return fmt.Errorf("%s: there is no setting %q: see thumbery serve --help, each flag is one", c.path, key)
		}
	}
	return nil
}

// Validate implements kong.Resolver.
func (c *file) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver, for flags that are not on the command line.
func (c *file) Resolve(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
	value, ok := c.values[f.Name]
	if !ok || !isSetting(f) || slices.ContainsFunc(f.Envs, inEnvironment) {
		return nil, nil
	}
	value, err := textOf(value, f)
	if err == nil { // kong parses it again, but would not say where it stands
		scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
		err = f.Mapper.Decode(&kong.DecodeContext{Value: f.Value, Scan: scan}, reflect.New(f.Target.Type()).Elem())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.path, err)
	}
	return value, nil
}

// textOf is a value as the environment would have it, or a bool.
func textOf(value any, f *kong.Flag) (any, error) {
	switch value := value.(type) {
	case []any:
		texts := make([]string, len(value))
		for i, v := range value {
			texts[i] = fmt.Sprint(v)
		}
		if f.IsSlice() {
			return kong.JoinEscaped(texts, f.Tag.Sep), nil
		}
		return strings.Join(texts, ","), nil
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

func inEnvironment(name string) bool {
	_, ok := os.LookupEnv(name)
	return ok
}
