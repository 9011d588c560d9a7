package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// command runs a program and returns what it printed.
func command(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("%s %s: %w: %.500s", name, strings.Join(args, " "), err, e.Stderr)
	}
	return string(out), err
}
